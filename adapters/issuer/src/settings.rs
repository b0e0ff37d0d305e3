//! What a host sets about an issuer, and the bounds of it.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::derived::DerivedKeys;
use crate::given_key::{KeySource, NumberedKey};
use crate::numbered::MOST_KEYS;
use crate::signing::pair::Algorithm;

pub(crate) const LEAST_TOKEN_LIFE: Duration = Duration::from_secs(60);
/// A key that has retired is published for as long.
pub(crate) const LONGEST_TOKEN_LIFE: Duration = Duration::from_hours(24);

/// What a host sets about an issuer.
///
/// ```
/// use tokensmith_issuer::IssuerSettings;
///
/// let mut settings = IssuerSettings::new("data/tokensmith.db");
/// settings.issuer = "https://tokens.example".into();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuerSettings {
    /// The SQLite file with apps, secrets and signing keys; made on a first start, with its folder.
    /// Beside it lies the ledger of refresh tokens, whose name ends in `.ledger.db` instead.
    /// It must lie on a local disk: SQLite's write-ahead log does not work over a network.
    pub store: PathBuf,
    /// The file with the root key, another than the store; made on a first start. By default
    /// `root.key` beside the store.
    pub root_key_file: Option<PathBuf>,
    /// The environment variable that holds the root key as 64 hexadecimal digits, instead of a file: it
    /// is never made then. None by default.
    pub root_key_env: Option<String>,
    /// More keys that digest secrets, beside pepper 1, which comes from the root key: at most 3, with
    /// numbers from 2 on. A secret by a lower number than the one in use gets its digest anew when it is
    /// used. A pepper is needed as long as a secret has its number; an app that needs one that is not
    /// there gets no answer but a 502.
    pub peppers: Vec<NumberedKey>,
    /// The number of the pepper for new digests: the highest by default. Where several processes share a
    /// store, all must have a pepper before one of them uses it.
    pub pepper_in_use: Option<u16>,
    /// More keys that tag refresh tokens, as `peppers` are. One is needed for as long as `refresh_life`
    /// after it was last in use.
    pub refresh_keys: Vec<NumberedKey>,
    /// The number of the key for new refresh tokens, as `pepper_in_use` is.
    pub refresh_key_in_use: Option<u16>,
    /// `iss` of access tokens (RFC 9068 section 2.2): 1 to 512 visible ASCII characters. Refresh
    /// tokens are bound to it. By default `http://127.0.0.1:8080`.
    pub issuer: String,
    /// `aud` of access tokens, as `issuer` is; the issuer by default.
    pub audience: Option<String>,
    /// What the first signing key is for; a store that has one keeps it. ES256 by default.
    pub algorithm: Algorithm,
    /// How long a new signing key is published before it signs, so that every verifier has it by then:
    /// 10 minutes to 30 days in whole seconds, 24 h by default.
    pub key_lead: Duration,
    /// How long a signing key signs before another follows, by itself: longer than `key_lead`, from 1 to
    /// 365 days in whole seconds. `None`, the default, leaves that to [`Admin::rotate_key`](crate::Admin::rotate_key).
    pub rotate_keys_every: Option<Duration>,
    /// How long access tokens are good for, in whole seconds: 60 s to `max_token_life`, 1 h by default.
    /// An app may have another life by its [policy](crate::AppPolicy).
    pub token_life: Duration,
    /// The longest that an app's policy may make that, in whole seconds: up to 24 h, which is the default.
    /// Where it is set lower than a policy has it, the tokens of that app live so long and no longer.
    pub max_token_life: Duration,
    /// How long a refresh token may lie unused: 60 s to 365 days in whole seconds, 7 days by default.
    pub refresh_idle_life: Duration,
    /// How long the refresh tokens that follow from one request live in all, however often they are
    /// redeemed: from `refresh_idle_life` to 365 days in whole seconds, 30 days by default.
    pub refresh_life: Duration,
    /// Within which a refresh token that was redeemed gives the same successor again, for a caller
    /// that has lost the answer: at most 60 s, 10 s by default.
    pub refresh_grace: Duration,
    /// What generated secrets begin with: 2 to 8 lower-case letters, `tsas` by default. Scanners
    /// find leaked secrets by it.
    pub secret_prefix: String,
    /// Whether imported secrets that are kept as bcrypt or PBKDF2 are verified, each until its first
    /// success. Off by default: then they cannot be imported, and those that were are never right.
    pub verify_legacy_hashes: bool,
    /// How many threads hash imported secrets: 1 to 64, 2 by default. They start when there is something
    /// to hash, which takes up to 256 MiB each. 32 calls may wait for each; one more is answered with 429.
    pub hashing_threads: NonZeroUsize,
    /// The step of the completion grid: what became of credentials is told at the next multiple of it,
    /// counted from the call's start, so that no shorter difference shows. 1 us to 1 s; below 1 ms the
    /// calling thread spins, which 5 us is meant for. `None`, the default, is no grid.
    ///
    /// As long as the store holds any imported secret, it is at least 50 ms and above the slowest hash,
    /// whatever is set here, for secrets that have not the shape of a generated one.
    pub completion_grid: Option<Duration>,
}

/// A setting that is out of its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` must be {bounds}")]
#[non_exhaustive]
pub struct SettingError {
    /// The setting's name, as the field of [`IssuerSettings`] is called.
    pub name: &'static str,
    /// What it must be.
    pub bounds: &'static str,
}

impl IssuerSettings {
    /// The defaults, with the store in that file.
    pub fn new(store: impl Into<PathBuf>) -> Self {
        Self {
            store: store.into(),
            root_key_file: None,
            root_key_env: None,
            peppers: Vec::new(),
            pepper_in_use: None,
            refresh_keys: Vec::new(),
            refresh_key_in_use: None,
            issuer: "http://127.0.0.1:8080".to_owned(),
            audience: None,
            algorithm: Algorithm::default(),
            key_lead: Duration::from_hours(24),
            rotate_keys_every: None,
            token_life: Duration::from_hours(1),
            max_token_life: LONGEST_TOKEN_LIFE,
            refresh_idle_life: Duration::from_hours(7 * 24),
            refresh_life: Duration::from_hours(30 * 24),
            refresh_grace: Duration::from_secs(10),
            secret_prefix: "tsas".to_owned(),
            verify_legacy_hashes: false,
            completion_grid: None,
            hashing_threads: const { NonZeroUsize::new(2).unwrap() },
        }
    }

    /// Whether all settings are within their bounds.
    ///
    /// # Errors
    /// [`SettingError`] names the first that is not.
    pub fn check(&self) -> Result<(), SettingError> {
        let names = "1 to 512 visible ASCII characters";
        let letters = self.secret_prefix.as_bytes();
        let error = |name, bounds| Err(SettingError { name, bounds });
        if self.store.file_name().is_none() {
            return error("store", "the path of a file");
        }
        self.check_keys()?;
        if !is_name(&self.issuer) {
            return error("issuer", names);
        }
        if !self.audience.as_deref().is_none_or(is_name) {
            return error("audience", names);
        }
        let is_token_life = |life: Duration, least| {
            life.subsec_nanos() == 0 && (least..=LONGEST_TOKEN_LIFE).contains(&life)
        };
        if !is_token_life(self.token_life, LEAST_TOKEN_LIFE) {
            return error("token_life", "60 to 86,400 whole seconds");
        }
        if !is_token_life(self.max_token_life, self.token_life) {
            return error("max_token_life", "`token_life` to 86,400 whole seconds");
        }
        let day = Duration::from_hours(24);
        let year = Duration::from_hours(365 * 24);
        let is_life =
            |life: Duration, least| life.subsec_nanos() == 0 && (least..=year).contains(&life);
        let month = Duration::from_hours(30 * 24);
        if !is_life(self.key_lead, Duration::from_mins(10)) || self.key_lead > month {
            return error("key_lead", "10 minutes to 30 days in whole seconds");
        }
        if !self.rotate_keys_every.is_none_or(|every| is_life(every, day) && every > self.key_lead)
        {
            return error(
                "rotate_keys_every",
                "longer than `key_lead`, 1 to 365 days in whole seconds",
            );
        }
        if !is_life(self.refresh_idle_life, Duration::from_secs(60)) {
            return error("refresh_idle_life", "60 s to 365 days in whole seconds");
        }
        if !is_life(self.refresh_life, self.refresh_idle_life) {
            return error("refresh_life", "`refresh_idle_life` to 365 days in whole seconds");
        }
        if self.refresh_grace > Duration::from_secs(60) {
            return error("refresh_grace", "at most 60 s");
        }
        if !(2..=8).contains(&letters.len()) || !letters.iter().all(u8::is_ascii_lowercase) {
            return error("secret_prefix", "2 to 8 lower-case letters");
        }
        if self.hashing_threads.get() > 64 {
            return error("hashing_threads", "1 to 64");
        }
        let steps = Duration::from_micros(1)..=Duration::from_secs(1);
        if !self.completion_grid.is_none_or(|step| steps.contains(&step)) {
            return error("completion_grid", "1 us to 1 s");
        }
        Ok(())
    }

    fn check_keys(&self) -> Result<(), SettingError> {
        let error = |name, bounds| Err(SettingError { name, bounds });
        let root = self.root_key_file.as_deref();
        let is_other = |root: &Path| root != self.store && root != self.ledger();
        if root.is_some_and(|root| root.file_name().is_none() || !is_other(root)) {
            let bounds = "the path of a file other than the store and its ledger";
            return error("root_key_file", bounds);
        }
        if self.root_key_env.is_some() && root.is_some() {
            return error("root_key_env", "absent where `root_key_file` is given");
        }
        let numbers = "at most 3, with different numbers from 2 on";
        if !are_numbered(&self.peppers) {
            return error("peppers", numbers);
        }
        if !are_numbered(&self.refresh_keys) {
            return error("refresh_keys", numbers);
        }
        if !is_one(self.pepper_in_use, &self.peppers) {
            return error("pepper_in_use", "1 or the number of a pepper");
        }
        if !is_one(self.refresh_key_in_use, &self.refresh_keys) {
            return error("refresh_key_in_use", "1 or the number of a refresh key");
        }
        Ok(())
    }

    /// Where the root key comes from.
    pub(crate) fn root(&self) -> KeySource {
        if let Some(name) = &self.root_key_env {
            return KeySource::Environment(name.clone());
        }
        let beside = || self.store.with_file_name("root.key");
        KeySource::File(self.root_key_file.clone().unwrap_or_else(beside))
    }

    /// The number of the pepper in use.
    pub(crate) fn pepper(&self) -> u16 {
        in_use(self.pepper_in_use, &self.peppers)
    }

    /// The number of the refresh key in use.
    pub(crate) fn refresh_key(&self) -> u16 {
        in_use(self.refresh_key_in_use, &self.refresh_keys)
    }

    /// Where the ledger of refresh tokens lies: beside the store.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.store.with_extension("ledger.db")
    }

    pub(crate) fn audience(&self) -> &str {
        self.audience.as_deref().unwrap_or(&self.issuer)
    }
}

fn are_numbered(keys: &[NumberedKey]) -> bool {
    let mut ids: Vec<_> = keys.iter().map(|key| key.id).collect();
    ids.push(DerivedKeys::FROM_ROOT);
    ids.sort_unstable();
    ids.dedup();
    keys.len() < MOST_KEYS && ids.len() == keys.len().saturating_add(1) && !ids.contains(&0)
}

fn is_one(id: Option<u16>, keys: &[NumberedKey]) -> bool {
    id.is_none_or(|id| id == DerivedKeys::FROM_ROOT || keys.iter().any(|key| key.id == id))
}

fn in_use(id: Option<u16>, keys: &[NumberedKey]) -> u16 {
    let highest = keys.iter().map(|key| key.id).max();
    id.or(highest).unwrap_or(DerivedKeys::FROM_ROOT)
}

pub(crate) fn is_name(text: &str) -> bool {
    (1..=512).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(change: impl FnOnce(&mut IssuerSettings)) -> Option<&'static str> {
        let mut settings = IssuerSettings::new("a.db");
        change(&mut settings);
        settings.check().err().map(|error| error.name)
    }

    #[test]
    fn the_bounds_are_exact() {
        assert_eq!(fault(|_| {}), None);
        assert_eq!(fault(|s| s.store = "/".into()), Some("store"));
        for bad in ["", "/", "..", "a.db", "a.ledger.db"] {
            assert_eq!(
                fault(|s| s.root_key_file = Some(bad.into())),
                Some("root_key_file"),
                "{bad}"
            );
        }
        assert_eq!(fault(|s| s.root_key_file = Some("b/root".into())), None);
        for bad in [String::new(), "i".repeat(513), "a b".into(), "a\n".into(), "ü".into()] {
            assert_eq!(fault(|s| s.issuer = bad.clone()), Some("issuer"), "{bad}");
            assert_eq!(fault(|s| s.audience = Some(bad.clone())), Some("audience"), "{bad}");
        }
        for (seconds, good) in [(59, false), (60, true), (86_400, true), (86_401, false)] {
            let life = fault(|s| s.token_life = Duration::from_secs(seconds));
            assert_eq!(life.is_none(), good, "{seconds}");
        }
        assert_eq!(fault(|s| s.token_life = Duration::from_millis(60_500)), Some("token_life"));
        for (seconds, good) in [(3_599, false), (3_600, true), (86_400, true), (86_401, false)] {
            let max = fault(|s| s.max_token_life = Duration::from_secs(seconds));
            assert_eq!(max.is_none(), good, "{seconds}");
        }
        let day = Duration::from_hours(24);
        for (idle, life, fault_of) in [
            (60, 60, None),
            (59, 60, Some("refresh_idle_life")),
            (60, 59, Some("refresh_life")),
            (365 * 86_400, 365 * 86_400, None),
            (365 * 86_400 + 1, 366 * 86_400, Some("refresh_idle_life")),
            (60, 365 * 86_400 + 1, Some("refresh_life")),
        ] {
            let found = fault(|s| {
                s.refresh_idle_life = Duration::from_secs(idle);
                s.refresh_life = Duration::from_secs(life);
            });
            assert_eq!(found, fault_of, "{idle} {life}");
        }
        for (lead, good) in
            [(599, false), (600, true), (30 * 86_400, true), (30 * 86_400 + 1, false)]
        {
            let found = fault(|s| s.key_lead = Duration::from_secs(lead));
            assert_eq!(found.is_none(), good, "{lead}");
        }
        for (days, good) in [(0, false), (1, false), (2, true), (365, true), (366, false)] {
            let found = fault(|s| s.rotate_keys_every = Some(days * day));
            assert_eq!(found.is_none(), good, "{days}");
        }
        let half = Duration::from_millis(500);
        assert_eq!(fault(|s| s.refresh_idle_life = day + half), Some("refresh_idle_life"));
        assert_eq!(fault(|s| s.refresh_life = 8 * day + half), Some("refresh_life"));
        for (grace, good) in [(0, true), (60_000, true), (60_001, false)] {
            let found = fault(|s| s.refresh_grace = Duration::from_millis(grace));
            assert_eq!(found.is_none(), good, "{grace}");
        }
        for (prefix, good) in
            [("a", false), ("ab", true), ("abcdefgh", true), ("abcdefghi", false), ("aB", false)]
        {
            assert_eq!(fault(|s| s.secret_prefix = prefix.into()).is_none(), good, "{prefix}");
        }
        let second = 1_000_000_000;
        for (nanos, good) in [(999, false), (1_000, true), (second, true), (second + 1, false)] {
            let found = fault(|s| s.completion_grid = Some(Duration::from_nanos(nanos)));
            assert_eq!(found.is_none(), good, "{nanos}");
        }
        for (threads, found) in [(64, None), (65, Some("hashing_threads"))] {
            assert_eq!(fault(|s| s.hashing_threads = NonZeroUsize::new(threads).unwrap()), found);
        }
    }

    #[test]
    fn keys_have_numbers_of_their_own() {
        let keys = |ids: &[u16]| {
            let key = |id: &u16| NumberedKey::new(*id, KeySource::File("a.key".into()));
            ids.iter().map(key).collect::<Vec<_>>()
        };
        for (ids, good) in [
            (&[][..], true),
            (&[2], true),
            (&[u16::MAX, 2, 3], true),
            (&[2, 3, 4, 5], false),
            (&[2, 2], false),
            (&[0], false),
            (&[1], false),
        ] {
            assert_eq!(fault(|s| s.peppers = keys(ids)).is_none(), good, "{ids:?}");
            assert_eq!(fault(|s| s.refresh_keys = keys(ids)).is_none(), good, "{ids:?}");
        }
        let mut settings = IssuerSettings::new("a.db");
        assert_eq!((settings.pepper(), settings.refresh_key()), (1, 1));
        settings.peppers = keys(&[7, 3]);
        assert_eq!((settings.pepper(), settings.refresh_key()), (7, 1));
        for (id, good) in [(1, true), (2, false), (3, true), (7, true), (0, false)] {
            settings.pepper_in_use = Some(id);
            assert_eq!(settings.check().is_ok(), good, "{id}");
            assert_eq!(settings.pepper(), id);
        }
        settings.pepper_in_use = None;
        settings.refresh_key_in_use = Some(7);
        assert_eq!(settings.check().unwrap_err().name, "refresh_key_in_use");
        settings.refresh_key_in_use = None;
        settings.root_key_env = Some("ROOT".to_owned());
        assert_eq!(settings.root(), KeySource::Environment("ROOT".to_owned()));
        settings.root_key_file = Some("root.key".into());
        assert_eq!(settings.check().unwrap_err().name, "root_key_env");
    }

    #[test]
    fn the_root_lies_beside_the_store() {
        let root = |store| IssuerSettings::new(store).root();
        assert_eq!(root("x/a.db"), KeySource::File("x/root.key".into()));
        assert_eq!(root("a.db"), KeySource::File("root.key".into()));
    }
}
