//! The laws of an [`Authenticator`]: right credentials and no others, and no secret told.

use std::error::Error;
use std::future::Future;
use std::thread;
use std::time::Duration;

use tokensmith::{
    AppCredentials, AuthenticateError, Authenticator, Context, Presence, Presented, SecretString,
    Source, TokenSet,
};

use crate::call::Call;

/// Where an authenticator is put to the test.
pub trait Workbench: Sync {
    /// What is tested: one that knows [`right`](Self::right) credentials.
    type Authenticator: Authenticator;

    /// The authenticator.
    fn authenticator(&self) -> &Self::Authenticator;

    /// An id and a secret that are right.
    fn right(&self) -> (&str, &str);

    /// What a call that begins now carries.
    fn context(&self) -> Context;

    /// Whether it gives refresh tokens: yes.
    fn refresh_token(&self) -> Presence {
        Presence::Require
    }

    /// Runs a future to its end, on this thread.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        futures_executor::block_on(future)
    }
}

/// Every law, one after the other.
pub fn all<W: Workbench>(bench: &W) {
    right_credentials_give_tokens_that_can_be_answered(bench);
    other_credentials_are_rejected(bench);
    no_error_tells_a_secret(bench);
    the_host_s_words_do_not_matter(bench);
    a_dropped_call_holds_nobody_up(bench);
    callers_at_once_each_get_their_own_answer(bench);
}

/// Right credentials give tokens, each time, and such as may be answered.
pub fn right_credentials_give_tokens_that_can_be_answered<W: Workbench>(bench: &W) {
    let (id, secret) = bench.right();
    for _ in 0..3 {
        let answer = ask(bench, &bench.context(), id, secret);
        let tokens = answer.as_ref().map_err(ToString::to_string);
        assert!(tokens.is_ok(), "right credentials give tokens: {tokens:?}");
        if let Ok(tokens) = tokens {
            assert_eq!(tokens.defect(bench.refresh_token()), None, "the tokens can be answered");
        }
    }
}

/// Credentials that differ anywhere are rejected: not as a fault, which would be a 502.
pub fn other_credentials_are_rejected<W: Workbench>(bench: &W) {
    let (id, secret) = bench.right();
    for (id, secret) in near_misses(id, secret) {
        let answer = ask(bench, &bench.context(), &id, &secret);
        let is_rejected = matches!(answer, Err(AuthenticateError::Rejected(_)));
        assert!(is_rejected, "an id or a secret that differs is rejected: id `{id}`");
    }
    right_credentials_give_tokens_that_can_be_answered(bench);
}

/// No error, nor what is beneath it, quotes what was presented.
pub fn no_error_tells_a_secret<W: Workbench>(bench: &W) {
    let (id, secret) = bench.right();
    for (id, secret) in
        [(id, "canary-9f8e7d6c5b4a"), ("nobody", "canary-9f8e7d6c5b4a"), ("nobody", secret)]
    {
        let Err(error) = ask(bench, &bench.context(), id, secret) else { continue };
        let mut told = format!("{error} {error:?}");
        let mut beneath = error.source();
        while let Some(error) = beneath {
            told.push_str(&format!(" {error} {error:?}"));
            beneath = error.source();
        }
        assert!(!told.contains(secret), "an error tells no secret");
    }
}

/// Where a request comes from, what the host calls it and how long it may take decide nothing.
pub fn the_host_s_words_do_not_matter<W: Workbench>(bench: &W) {
    let (id, secret) = bench.right();
    let source = Source::opaque("' OR 1=1 --\r\n").ok();
    let contexts = [
        bench.context().with_request_id(Some("\u{1b}[31m\r\n{}'\"")),
        bench.context().with_source(source),
        bench.context().with_budget(Some(Duration::from_secs(5))),
    ];
    for cx in contexts {
        assert!(ask(bench, &cx, id, secret).is_ok(), "right credentials give tokens");
        let wrong = ask(bench, &cx, id, "wrong");
        assert!(matches!(wrong, Err(AuthenticateError::Rejected(_))), "wrong ones are rejected");
    }
}

/// A call that is dropped where it waits leaves the next one whole.
pub fn a_dropped_call_holds_nobody_up<W: Workbench>(bench: &W) {
    let (id, secret) = bench.right();
    for secret in [secret, "wrong"] {
        let Some(credentials) = credentials(id, secret) else { continue };
        let cx = bench.context();
        for polls in 1..=8 {
            let mut call = Call::new(bench.authenticator().authenticate(&cx, &credentials));
            let _ = (0..polls).any(|_| call.step().is_some());
        }
    }
    right_credentials_give_tokens_that_can_be_answered(bench);
}

/// Many at once: whoever is right gets tokens, whoever is wrong does not.
pub fn callers_at_once_each_get_their_own_answer<W: Workbench>(bench: &W) {
    let (id, secret) = bench.right();
    let wrong = near_misses(id, secret);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (wrong_id, wrong_secret) in &wrong {
                    let cx = bench.context();
                    assert!(
                        ask(bench, &cx, id, secret).is_ok(),
                        "right is right, whoever else asks"
                    );
                    let answer = ask(bench, &cx, wrong_id, wrong_secret);
                    let is_rejected = matches!(answer, Err(AuthenticateError::Rejected(_)));
                    assert!(is_rejected, "wrong is wrong, whoever else asks");
                }
            });
        }
    });
}

fn credentials(id: &str, secret: &str) -> Option<AppCredentials> {
    Presented::new(id, SecretString::from(secret)).credentials().ok().cloned()
}

fn ask<W: Workbench>(
    bench: &W,
    cx: &Context,
    id: &str,
    secret: &str,
) -> Result<TokenSet, AuthenticateError> {
    let credentials = credentials(id, secret);
    assert!(credentials.is_some(), "an app may have these: id `{id}`");
    match credentials {
        Some(credentials) => bench.block_on(bench.authenticator().authenticate(cx, &credentials)),
        None => Err(AuthenticateError::Rejected(tokensmith::RejectReason::BadCredentials)),
    }
}

/// Pairs that an app may have and that are not the right one.
fn near_misses(id: &str, secret: &str) -> Vec<(String, String)> {
    let variants = |text: &str| {
        let shorter: String = text.chars().skip(1).collect();
        let mut cut: String = text.to_owned();
        cut.pop();
        let flipped: String = text.chars().map(flip_case).collect();
        let turned: String = text.chars().rev().collect();
        vec![
            format!("{text} "),
            format!(" {text}"),
            format!("{text}x"),
            format!("x{text}"),
            format!("{text}{text}"),
            shorter,
            cut,
            flipped,
            turned,
            "x".to_owned(),
            "ü".to_owned(),
            "%".to_owned(),
            "' OR 1=1 --".to_owned(),
        ]
    };
    let mut pairs: Vec<_> =
        variants(secret).into_iter().map(|wrong| (id.to_owned(), wrong)).collect();
    pairs.extend(variants(id).into_iter().map(|wrong| (wrong, secret.to_owned())));
    pairs.push((secret.chars().take(128).collect(), id.to_owned()));
    pairs.extend(shifted(id, secret));
    pairs.retain(|(wrong_id, wrong_secret)| {
        (wrong_id.as_str(), wrong_secret.as_str()) != (id, secret)
            && credentials(wrong_id, wrong_secret).is_some()
    });
    pairs
}

/// The same text with the border between id and secret moved by one.
fn shifted(id: &str, secret: &str) -> [(String, String); 2] {
    let mut shorter_id = id.to_owned();
    let last = shorter_id.pop().map(String::from).unwrap_or_default();
    let mut rest = secret.chars();
    let first = rest.next().map(String::from).unwrap_or_default();
    [(shorter_id, last + secret), (id.to_owned() + &first, rest.collect())]
}

fn flip_case(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}
