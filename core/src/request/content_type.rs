//! Whether a `Content-Type` says JSON in UTF-8 (RFC 9110 section 8.3.1).

/// `application/json` or `application/*+json`, in any case, with any parameters, of which a
/// `charset` must be utf-8.
pub(super) fn is_json_in_utf8(value: &str) -> bool {
    let (media_type, parameters) = value.split_once(';').unwrap_or((value, ""));
    is_json(media_type.trim_matches(OWS)) && parameters_are_utf8(parameters)
}

/// Optional white space (RFC 9110 section 5.6.3).
const OWS: [char; 2] = [' ', '\t'];

fn is_json(media_type: &str) -> bool {
    let Some((main, sub)) = media_type.split_once('/') else { return false };
    let sub = sub.to_ascii_lowercase();
    main.eq_ignore_ascii_case("application")
        && (sub == "json" || sub.strip_suffix("+json").is_some_and(is_token))
}

fn parameters_are_utf8(mut rest: &str) -> bool {
    loop {
        rest = rest.trim_start_matches(OWS);
        if rest.is_empty() {
            return true;
        }
        // A parameter may be missing between two semicolons (RFC 9110 section 5.6.6).
        if let Some(next) = rest.strip_prefix(';') {
            rest = next;
            continue;
        }
        let Some((name, value)) = rest.split_once('=') else { return false };
        let Some((value, after)) = take_value(value) else { return false };
        if !is_token(name) || (name.eq_ignore_ascii_case("charset") && !is_utf8(&value)) {
            return false;
        }
        rest = after.trim_start_matches(OWS);
        if !rest.is_empty() && !rest.starts_with(';') {
            return false;
        }
    }
}

/// Takes a token or a quoted string, unquoted, off the front of a text.
fn take_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| !is_token_char(c)).unwrap_or(text.len());
        let (token, after) = text.split_at_checked(end)?;
        return is_token(token).then(|| (token.to_owned(), after));
    };
    let mut value = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
}

fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8")
}

/// A token (RFC 9110 section 5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_token_char)
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_utf8_is_told_from_the_rest() {
        for yes in [
            "application/json",
            "APPLICATION/JSON",
            " application/json ",
            "application/json;charset=utf-8",
            "application/json ; charset=\"UTF-8\"",
            "application/json; charset=\"ut\\f-8\"",
            "application/json; profile=\"a;b=\\\"c\\\"\"; charset=utf-8",
            "application/json;",
            "application/json;;charset=utf-8",
            "application/vnd.api+json",
            "application/problem+JSON; v=1",
        ] {
            assert!(is_json_in_utf8(yes), "{yes}");
        }
        for no in [
            "",
            "json",
            "text/json",
            "application/jsonp",
            "application/+json",
            "application/a b+json",
            "application/json, application/json",
            "application/json charset=utf-8",
            "application/json; charset=utf-16",
            "application/json; charset=utf8",
            "application/json; charset=",
            "application/json; charset",
            "application/json; charset=utf-8; charset=latin1",
            "application/json; charset=\"utf-8",
            "application/json; a=b c",
            "application/x-www-form-urlencoded",
        ] {
            assert!(!is_json_in_utf8(no), "{no}");
        }
    }
}
