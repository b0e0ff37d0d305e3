//! What a service that is running may be told anew.

use super::{AuthenticatorConfig, ConfigError, ServiceConfig};

impl ServiceConfig {
    /// Whether a service of this configuration may be followed by one of `next` in the same process.
    /// What its records and its tokens are bound to stays: the store, the root key and the issuer's
    /// name.
    ///
    /// # Errors
    /// [`ConfigError`] names the key that is not as it was.
    pub fn check_successor(&self, next: &Self) -> Result<(), ConfigError> {
        let key = match (&self.authenticator, &next.authenticator) {
            (AuthenticatorConfig::Issuer(before), AuthenticatorConfig::Issuer(after)) => [
                ("authenticator.root_key_file", before.root_key_file != after.root_key_file),
                ("authenticator.root_key_env", before.root_key_env != after.root_key_env),
                ("authenticator.issuer", before.issuer != after.issuer),
                ("store.path", self.store != next.store),
            ]
            .into_iter()
            .find_map(|(key, is_another)| is_another.then_some(key)),
            (AuthenticatorConfig::Host, AuthenticatorConfig::Host) => None,
            _ => Some("authenticator.kind"),
        };
        match key {
            Some(key) => {
                Err(ConfigError::at_key(key, "another than at the start; it takes a restart"))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> ServiceConfig {
        ServiceConfig::from_toml(text).unwrap()
    }

    #[test]
    fn what_records_and_tokens_are_bound_to_stays() {
        let before = "store = { path = 'a.db' }\nauthenticator = { issuer = 'https://a.example' }";
        for (next, key) in [
            (before, None),
            (
                "limits = { slots = 16 }\nstore = { path = 'a.db' }\ndeadline_ms = 1000\n\
                 authenticator = { issuer = 'https://a.example', audience = 'x', token_seconds = 60 }",
                None,
            ),
            (
                "store = { path = 'b.db' }\nauthenticator = { issuer = 'https://a.example' }",
                Some("store.path"),
            ),
            ("store = { path = 'a.db' }", Some("authenticator.issuer")),
            (
                "store = { path = 'a.db' }\n\
                 authenticator = { issuer = 'https://a.example', root_key_file = 'r' }",
                Some("authenticator.root_key_file"),
            ),
            (
                "store = { path = 'a.db' }\n\
                 authenticator = { issuer = 'https://a.example', root_key_env = 'R' }",
                Some("authenticator.root_key_env"),
            ),
            ("authenticator = { kind = 'host' }", Some("authenticator.kind")),
        ] {
            let checked = config(before).check_successor(&config(next));
            assert_eq!(checked.as_ref().err().and_then(ConfigError::key), key, "{next}");
        }
        let host = config("authenticator = { kind = 'host' }");
        assert!(host.check_successor(&host).is_ok());
    }
}
