//! What a host lends the embedded issuer: a source of claims, signers.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::pending;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use futures_executor::block_on;
use tokensmith::{
    AppClientId, AppCredentials, AuthenticateError, Context, RejectReason, Sleep, Timer,
    TokenError, authenticator_fn,
};
use tokensmith_assembly::{
    Assembled, ClaimsSource, ClaimsSourceError, ConfigError, ExtraClaims, Host, ServiceConfig,
    Signer, SignerError, VerifyingKey, build,
};

#[derive(Debug)]
struct Never;

impl Timer for Never {
    fn sleep(&self, _: std::time::Duration) -> Sleep {
        Sleep::new(pending())
    }
}

struct Tenant;

#[async_trait]
impl ClaimsSource for Tenant {
    async fn claims(
        &self,
        _: &Context,
        app: &AppClientId,
    ) -> Result<ExtraClaims, ClaimsSourceError> {
        Ok(ExtraClaims::parse(&format!(r#"{{"tenant":"of {app}"}}"#))?)
    }
}

/// Of which only the public half is known: the key of RFC 8037 appendix A.2.
struct Locked;

#[async_trait]
impl Signer for Locked {
    fn key(&self) -> VerifyingKey {
        let der = [
            0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0xd7, 0x5a,
            0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
            0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07,
            0x51, 0x1a,
        ];
        VerifyingKey::from_spki(&der).unwrap()
    }

    async fn sign(&self, _: &Context, _: &[u8]) -> Result<Vec<u8>, SignerError> {
        Err(SignerError("the module is locked".into()))
    }
}

fn built(folder: &Path, host: Host) -> Assembled {
    let store = folder.join("tokensmith.db");
    build(ServiceConfig::from_toml(&format!("store.path = {store:?}")).unwrap(), host).unwrap()
}

fn an_app(assembled: &Assembled) -> AppCredentials {
    let app = assembled.issuer.as_ref().unwrap().create_app("one").unwrap();
    AppCredentials { id: app.id, secret: app.secret }
}

#[test]
fn its_source_of_claims_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::new(Never);
    host.claims = Some(Arc::new(Tenant));
    let assembled = built(folder.path(), host);
    let app = an_app(&assembled);
    let tokens = block_on(assembled.service.issue(app.clone(), None)).unwrap();
    let admin = assembled.issuer.unwrap();
    let said = admin.verify_access_token(tokens.access_token.expose_secret()).unwrap();
    assert_eq!(said.claims.to_json(), format!(r#"{{"tenant":"of {}"}}"#, app.id));
}

#[test]
fn its_signer_signs_and_no_key_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::new(Never);
    host.signers.push(Arc::new(Locked));
    let assembled = built(folder.path(), host);
    let app = an_app(&assembled);
    let keys = assembled.issuer.as_ref().unwrap().list_keys();
    assert_eq!(keys.len(), 1);
    // RFC 8037 appendix A.3.
    assert_eq!(keys[0].kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let refused = block_on(assembled.service.issue(app, None)).unwrap_err();
    assert_eq!(refused, TokenError::Downstream { retry_after: None });
}

#[test]
fn without_an_issuer_they_are_lent_to_nobody() {
    let refused = |lend: fn(&mut Host)| -> ConfigError {
        let mut host = Host::new(Never);
        host.authenticator = Some(Arc::new(authenticator_fn(|_, _| async {
            Err(AuthenticateError::Rejected(RejectReason::UnknownClient))
        })));
        lend(&mut host);
        let config = ServiceConfig::from_toml("authenticator.kind = \"host\"").unwrap();
        build(config, host).unwrap_err()
    };
    for error in [
        refused(|host| host.claims = Some(Arc::new(Tenant))),
        refused(|host| host.signers.push(Arc::new(Locked))),
    ] {
        assert_eq!(error.key(), Some("authenticator.kind"));
        assert!(error.to_string().contains("a source of claims or a signer"), "{error}");
    }
}
