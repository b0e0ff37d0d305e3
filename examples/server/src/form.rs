//! A request for an errand, as OAuth has it: a form about a token, and the app's credentials in it or
//! in `Authorization` (RFC 6749 section 2.3.1).

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::AUTHORIZATION;
use tokensmith::{Invalid, Presented, SecretString};

const FORM: &str = "application/x-www-form-urlencoded";

/// The names that are read, each of which may come once (RFC 6749 section 3.1). Others are passed over.
const NAMES: [&str; 4] = ["token", "token_type_hint", "client_id", "client_secret"];

/// Who asks, about which token.
pub(crate) struct Asked {
    pub(crate) presented: Presented,
    pub(crate) token: SecretString,
}

/// Reads a request.
pub(crate) fn read(
    headers: &HeaderMap,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<Asked, Invalid> {
    if !content_type.is_some_and(is_form) {
        return Err(Invalid::Errand);
    }
    let [token, _, id, secret] = values(body).ok_or(Invalid::Errand)?;
    let presented = match (has_authorization(headers), secret) {
        // One method and no other (RFC 6749 section 2.3).
        (true, Some(_)) => return Err(Invalid::Errand),
        (true, None) => basic(headers),
        (false, Some(secret)) => Some((id.unwrap_or_default(), secret)),
        (false, None) => None,
    };
    // Without credentials, or with some that cannot be read, it is nobody who asks.
    let (id, secret) = presented.unwrap_or_default();
    let presented = Presented::new(&id, SecretString::from(secret));
    let token = SecretString::from(token.ok_or(Invalid::Errand)?);
    Ok(Asked { presented, token })
}

/// Whether the request has credentials in `Authorization`, of whatever kind.
pub(crate) fn has_authorization(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION)
}

fn is_form(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(FORM)
}

/// What each of the names has. A value that is empty was not sent.
fn values(body: &[u8]) -> Option<[Option<String>; NAMES.len()]> {
    let mut values: [Option<String>; NAMES.len()] = Default::default();
    let mut seen = [false; NAMES.len()];
    for pair in body.split(|byte| *byte == b'&') {
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at(end);
        let (name, value) = (decoded(name)?, decoded(value.get(1..).unwrap_or_default())?);
        let Some(place) = NAMES.iter().position(|known| *known == name) else { continue };
        if std::mem::replace(seen.get_mut(place)?, true) {
            return None;
        }
        *values.get_mut(place)? = (!value.is_empty()).then_some(value);
    }
    Some(values)
}

/// The id and the secret in `Authorization: Basic`, each of which is encoded as in a form.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (given.next()?.to_str().ok()?, given.next()) else { return None };
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = STANDARD.decode(encoded.trim()).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let (id, secret) = pair.split_at(colon);
    Some((decoded(id)?, decoded(secret.get(1..)?)?))
}

/// A name or value of a form, as text.
fn decoded(encoded: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => digit(rest.next()?)?.checked_mul(16)?.checked_add(digit(rest.next()?)?)?,
            other => *other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: &u8) -> Option<u8> {
    u8::try_from(char::from(*byte).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(authorization: Option<&str>, body: &str) -> Result<(String, bool), Invalid> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, value.parse().unwrap());
        }
        read(&headers, Some(FORM), body.as_bytes()).map(|asked| {
            (asked.presented.charged_id().into(), asked.presented.credentials().is_ok())
        })
    }

    fn encoded(pair: &str) -> String {
        format!("bAsIc {}", STANDARD.encode(pair))
    }

    #[test]
    fn credentials_are_in_the_form_or_in_the_header() {
        let whole = Ok(("a b".to_owned(), true));
        assert_eq!(asked(None, "token=t&client_id=a+b&client_secret=%73"), whole);
        assert_eq!(asked(Some(&encoded("a+b:s%3a")), "token=t"), whole);
        assert_eq!(asked(Some(&encoded("a+b:s")), "token=t&client_id=other"), whole);
        assert_eq!(asked(Some(&encoded("a+b:s:s")), "token=t"), whole);
    }

    #[test]
    fn whoever_shows_none_is_nobody() {
        let nobody = Ok((String::new(), false));
        assert_eq!(asked(None, "token=t"), nobody);
        assert_eq!(asked(None, "token=t&client_id=a"), nobody);
        for header in ["Bearer x", "Basic", "Basic ?", "Basic YQ==", &encoded("%zz:s")] {
            assert_eq!(asked(Some(header), "token=t"), nobody, "{header}");
        }
        assert_eq!(asked(None, "token=t&client_id=&client_secret="), nobody);
    }

    #[test]
    fn what_cannot_be_read_is_invalid() {
        let header = encoded("a:s");
        for body in [
            "",
            "token=",
            "token",
            "client_id=a",
            "token=t&token=t",
            "token=t&token=",
            "token=%",
            "token=%4",
            "token=%4g",
            "token=%ff",
            "token=t&token_type_hint=a&token_type_hint=a",
            "token=t&other=%",
            "token=t&client_secret=s",
        ] {
            assert_eq!(asked(Some(&header), body), Err(Invalid::Errand), "{body}");
        }
        assert!(asked(Some(&header), "token=t&other=1&other=2&token_type_hint=whatever&").is_ok());
        for (content_type, is_read) in [
            (None, false),
            (Some("application/json"), false),
            (Some("application/x-www-form-urlencoded2"), false),
            (Some("Application/X-WWW-Form-urlencoded ; charset=utf-8"), true),
        ] {
            let read = read(&HeaderMap::new(), content_type, b"token=t");
            assert_eq!(read.is_ok(), is_read, "{content_type:?}");
        }
    }
}
