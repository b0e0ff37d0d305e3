//! What is random in a case with an app, by the names that the vectors have for it.

use serde_json::Value;
use tokensmith_issuer::CreatedApp;

/// Names and what they stand for. Without an app there are none.
#[derive(Default)]
pub(super) struct Names(Vec<(String, String)>);

impl Names {
    pub(super) fn of(app: &CreatedApp) -> Self {
        let secret = app.secret.expose_secret().to_owned();
        Self(vec![("<app>".to_owned(), app.id.to_string()), ("<secret>".to_owned(), secret)])
    }

    /// Names the tokens of an answer, those that have no name yet.
    pub(super) fn learn(&mut self, step: usize, body: &[u8]) {
        if self.0.is_empty() {
            return;
        }
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return };
        for (member, value) in &members {
            let kind = match member.to_ascii_lowercase().as_str() {
                "accesstoken" => "access",
                "refreshtoken" => "refresh",
                _ => continue,
            };
            let token = value.as_str().unwrap_or_default();
            if self.0.iter().all(|(_, known)| known != token) {
                self.0.push((format!("<{kind}-{step}>"), token.to_owned()));
            }
        }
    }

    /// The text with what the names stand for.
    pub(super) fn filled(&self, text: &str) -> String {
        let put = |text: String, (name, value): &(String, String)| text.replace(name, value);
        self.0.iter().fold(text.to_owned(), put)
    }

    /// The text with the names.
    pub(super) fn named(&self, text: &str) -> String {
        let put = |text: String, (name, value): &(String, String)| text.replace(value, name);
        self.0.iter().fold(text.to_owned(), put)
    }
}
