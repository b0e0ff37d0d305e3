//! A signing key that is not where the issuer is.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::pending;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use async_trait::async_trait;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use futures_channel::oneshot;
use tokensmith::Context;
use tokensmith_issuer::{Signer, SignerError, VerifyingKey};

type Asked = (Vec<u8>, oneshot::Sender<Vec<u8>>);
type Sign = Box<dyn Fn(&[u8]) -> Vec<u8> + Send>;

/// A key that lives on a thread of its own, as one in another process would: what crosses is a message
/// and a signature.
#[derive(Clone)]
pub(crate) struct Elsewhere {
    pub(crate) key: VerifyingKey,
    pub(crate) to_key: Sender<Asked>,
    mood: Arc<Mutex<Mood>>,
}

#[derive(Clone, Copy)]
pub(crate) enum Mood {
    Well,
    Failing,
    Silent,
    Panicking,
    /// It gives this instead.
    Wrong(fn(Vec<u8>) -> Vec<u8>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Es256,
    Es256Der,
    EdDsa,
    Rs256,
}

impl Elsewhere {
    pub(crate) fn new(kind: Kind) -> Self {
        let (spki, sign) = made(kind);
        let (to_key, asked) = channel::<Asked>();
        thread::spawn(move || {
            for (message, answer) in asked {
                let _ = answer.send(sign(&message));
            }
        });
        let key = VerifyingKey::from_spki(&spki).unwrap();
        Self { key, to_key, mood: Arc::new(Mutex::new(Mood::Well)) }
    }

    pub(crate) fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

/// A key's public half in DER, and what signs with the other.
fn made(kind: Kind) -> (Vec<u8>, Sign) {
    let random = SystemRandom::new();
    match kind {
        Kind::Es256 | Kind::Es256Der => {
            let form = if let Kind::Es256 = kind {
                &ECDSA_P256_SHA256_FIXED_SIGNING
            } else {
                &ECDSA_P256_SHA256_ASN1_SIGNING
            };
            let pair = EcdsaKeyPair::generate(form).unwrap();
            let spki = spki(pair.public_key());
            (spki, Box::new(move |text| pair.sign(&random, text).unwrap().as_ref().to_vec()))
        }
        Kind::EdDsa => {
            let pair = Ed25519KeyPair::generate().unwrap();
            (spki(pair.public_key()), Box::new(move |text| pair.sign(text).as_ref().to_vec()))
        }
        Kind::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
            let spki = spki(pair.public_key());
            let sign = move |text: &[u8]| {
                let mut made = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut made).unwrap();
                made
            };
            (spki, Box::new(sign))
        }
    }
}

fn spki<'a>(key: &impl AsDer<PublicKeyX509Der<'a>>) -> Vec<u8> {
    key.as_der().unwrap().as_ref().to_vec()
}

#[async_trait]
impl Signer for Elsewhere {
    fn key(&self) -> VerifyingKey {
        self.key.clone()
    }

    async fn sign(&self, _: &Context, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let mood = *self.mood.lock().unwrap();
        let (answer, answered) = oneshot::channel();
        match mood {
            Mood::Failing => return Err(SignerError("the module is locked".into())),
            Mood::Silent => return pending().await,
            Mood::Panicking => panic!("as it was told"),
            Mood::Well | Mood::Wrong(_) => self.to_key.send((message.to_vec(), answer)).unwrap(),
        }
        let made = answered.await.unwrap();
        Ok(if let Mood::Wrong(change) = mood { change(made) } else { made })
    }
}
