//! Access tokens by three keys of one issuer that have followed one another, and the one JWK set that
//! has them all: for JWT libraries to verify that others wrote.
//!
//! A key is published for ten minutes at the least before it signs, and no server's clock can be moved:
//! so this is an issuer on a clock of its own, which comes to be right with the last key.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_executor::block_on;
use serde_json::{Value, json};
use tokensmith::{AppCredentials, Clock, ManualClock, SystemClock, UnixTime};
use tokensmith_assembly::{Algorithm, Host, ServiceConfig, build};

use crate::timer::ManualTimer;

const ISSUER: &str = "https://tokens.example";
const AUDIENCE: &str = "https://api.example";
const LEAD: Duration = Duration::from_mins(10);
/// From one key to the next.
const STEP: Duration = Duration::from_secs(630);
const SUCCESSORS: [Algorithm; 2] = [Algorithm::EdDsa, Algorithm::Rs256];

/// `{ issuer, audience, appClientId, jwks, tokens: [{ algorithm, accessToken }] }`, with tokens that are
/// good now and for half an hour more. The issuer keeps its files in that folder.
///
/// # Errors
/// Where nothing can be kept there.
pub fn succession(folder: &Path) -> Result<Value, Box<dyn Error>> {
    let ago = SUCCESSORS.map(|_| STEP.as_secs()).into_iter().sum();
    let start = SystemClock::new().wall().as_secs().saturating_sub(ago);
    let timer = ManualTimer::new(ManualClock::new(UnixTime::from_secs(start)));
    let config = json!({
        "store": { "path": folder.join("store.db") },
        "authenticator": {
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "algorithm": Algorithm::Es256.as_str(),
            "key_lead_seconds": LEAD.as_secs(),
        },
    });
    let mut host = Host::new(timer.clone());
    host.clock = Arc::new(timer.clock().clone());
    let assembled = build(ServiceConfig::from_json(&config.to_string())?, host)?;
    let admin = assembled.issuer.ok_or("there is an issuer")?;
    let app = admin.create_app("billing")?;
    let issue = || {
        let credentials = AppCredentials { id: app.id.clone(), secret: app.secret.clone() };
        let issued = block_on(assembled.service.issue(credentials, None))?;
        Ok::<_, Box<dyn Error>>(issued.access_token.expose_secret().to_owned())
    };
    let mut tokens =
        vec![json!({ "algorithm": Algorithm::Es256.as_str(), "accessToken": issue()? })];
    for algorithm in SUCCESSORS {
        admin.rotate_key(Some(algorithm))?;
        timer.advance(STEP);
        tokens.push(json!({ "algorithm": algorithm.as_str(), "accessToken": issue()? }));
    }
    let jwks: Value = serde_json::from_str(&admin.jwks())?;
    let app = app.id.as_str();
    Ok(json!({
        "issuer": ISSUER, "audience": AUDIENCE, "appClientId": app, "jwks": jwks, "tokens": tokens,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_keys_have_signed_and_all_are_published() {
        let folder = tempfile::tempdir().unwrap();
        let made = succession(folder.path()).unwrap();
        let algorithms = |list: &Value, name: &str| {
            let list = list.as_array().unwrap().iter();
            list.map(|one| one[name].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(algorithms(&made["jwks"]["keys"], "alg"), ["ES256", "EdDSA", "RS256"]);
        assert_eq!(algorithms(&made["tokens"], "algorithm"), ["ES256", "EdDSA", "RS256"]);
        assert!(succession(Path::new("/dev/null/nowhere")).is_err());
    }
}
