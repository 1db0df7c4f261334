//! What a system said, made fit for a person's eyes: short, one line, without control characters, without anything that could
//! be a link's right or a token. Owns no meaning: that is [`outcome`](super::outcome)'s.

use serde_json::{Map, Value};

use super::json;
use super::xml::{self, Element};
use crate::model::Answer;

/// The longest text that is shown, in characters: two lines on a phone.
const LONGEST: usize = 200;

/// More errors than this fit on no phone.
const MOST_ERRORS: usize = 5;

/// From this length on an unbroken run of letters and digits is taken for a token and left out. A UUID (36) and a
/// SHA-1 (40) are short of it; a session id or a JSON web token is not.
const TOKEN_LIKE: usize = 41;

/// `text` as it may be shown; `None` if nothing is left of it.
pub(super) fn shown(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut secret_next = false;
    for word in text.split(|c: char| c.is_whitespace() || hidden(c)).filter(|w| !w.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        out.push_str(if secret_next { "…" } else { visible(word) });
        secret_next = bare.eq_ignore_ascii_case("bearer");
        if out.chars().count() > LONGEST {
            break;
        }
    }
    if out.chars().count() > LONGEST {
        out = out.chars().take(LONGEST - 1).chain(['…']).collect();
    }
    (!out.is_empty()).then_some(out)
}

/// A word, or what may be shown of it: an address without its query, nothing of what looks like a token.
fn visible(word: &str) -> &str {
    let word = if word.contains("://") { word.split(['?', '#']).next().unwrap_or("") } else { word };
    let run =
        word.split(|c: char| !(c.is_ascii_alphanumeric() || "-_+=.".contains(c))).map(str::len).max().unwrap_or(0);
    let assigned = word.split_once('=').is_some_and(|(key, _)| is_secret_key(key));
    if run >= TOKEN_LIKE || assigned || (word.contains("://") && word.contains('@')) { "…" } else { word }
}

fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["token", "secret", "password", "signature", "sig", "key"].iter().any(|s| key.ends_with(s))
}

/// Characters that draw nothing, or turn the rest of a line around.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Where answers of no documented shape usually have their message.
const MESSAGES: [&str; 7] = ["message", "error_description", "errorMessage", "detail", "description", "error", "title"];

/// The message in an answer of no documented shape: the text field that such answers usually have, and what its `errors` say.
pub(super) fn message(answer: &Answer) -> Option<String> {
    let Some(map) = json::object(answer) else { return xml_message(answer) };
    match (headline(&map), errors(&map)) {
        (Some(message), Some(errors)) => shown(&format!("{message}: {errors}")),
        (message, errors) => message.or(errors),
    }
}

fn headline(map: &Map<String, Value>) -> Option<String> {
    MESSAGES.iter().filter_map(|name| json::field(map, name)).find_map(|value| match value {
        Value::String(text) => shown(text),
        Value::Object(inner) => json::text(inner, "message").and_then(shown),
        _ => None,
    })
}

/// What the `errors` of an answer say: texts, or objects with one.
fn errors(map: &Map<String, Value>) -> Option<String> {
    let Some(Value::Array(errors)) = json::field(map, "errors") else { return None };
    let texts: Vec<String> = errors
        .iter()
        .filter_map(|error| match error {
            Value::String(text) => shown(text),
            Value::Object(error) => headline(error),
            _ => None,
        })
        .take(MOST_ERRORS)
        .collect();
    shown(&texts.join("; "))
}

/// The same in XML, at any depth; a web page that happens to be XML has none.
fn xml_message(answer: &Answer) -> Option<String> {
    let bytes = answer.bytes();
    let begins = json::without_mark(bytes).trim_ascii_start().starts_with(b"<");
    let root =
        begins.then(|| xml::document(bytes)).flatten().filter(|root| !root.name().eq_ignore_ascii_case("html"))?;
    MESSAGES.iter().find_map(|name| said(&root, name))
}

/// What the first element called `name` says that says anything.
fn said(element: &Element, name: &str) -> Option<String> {
    let own = element.text().filter(|_| element.name().eq_ignore_ascii_case(name)).and_then(shown);
    own.or_else(|| element.children().iter().find_map(|child| said(child, name)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::answer;
    use super::*;

    #[test]
    fn what_is_shown_is_short_and_on_one_line() {
        assert_eq!(shown("too\r\nlarge\u{202e}\u{0}!").as_deref(), Some("too large !"));
        assert_eq!(shown(" \n\u{7}"), None);
        let long = shown(&"word ".repeat(500)).unwrap();
        assert_eq!(long.chars().count(), LONGEST);
        assert!(long.ends_with('…'));
        assert_eq!(shown(&"ä".repeat(5000)).unwrap().chars().count(), LONGEST);
    }

    #[test]
    fn a_message_has_what_its_errors_say_behind_it() {
        let said = |body: &str| message(&crate::providers::tests::answer(400, &[], body));
        assert_eq!(said(r#"{"detail": "Invalid", "errors": []}"#).as_deref(), Some("Invalid"));
        let both = r#"{"title": "Invalid", "errors": ["no\nname", 7, {"field": "x", "message": "too long"}]}"#;
        assert_eq!(said(both).as_deref(), Some("Invalid: no name; too long"));
        assert_eq!(said(r#"{"errors": [{"detail": "gone"}]}"#).as_deref(), Some("gone"));
        assert_eq!(said(r#"{"errors": ["access_token=abc"]}"#).as_deref(), Some("…"));
        let long = said(&format!(r#"{{"errors": [{}]}}"#, vec![r#""word word word""#; 9000].join(","))).unwrap();
        assert!(long.chars().count() <= LONGEST, "{long}");
    }

    #[test]
    fn a_message_is_found_in_json_and_in_xml() {
        let said = |body: &str| message(&answer(422, &[], body));
        for body in [
            r#"{"error": {"message": "no\nroom"}}"#,
            "<?xml version='1.0'?><e:errors xmlns:e='urn:e'><e:code>7</e:code><e:Message>no\nroom</e:Message></e:errors>",
            "<errors><error/><error>no room</error></errors>",
        ] {
            assert_eq!(said(body).as_deref(), Some("no room"), "{body}");
        }
        for body in ["", "<a>", "<a>no room</a>", "<html><head><title>no room</title></head></html>"] {
            assert_eq!(said(body), None, "{body}");
        }
    }

    #[test]
    fn nothing_that_could_be_a_secret_is_shown() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghij";
        for text in [
            format!("Bearer abc123 refused {token}"),
            format!("see https://host/path?sig={token}#x"),
            format!("{{\"token\":\"{token}\"}}"),
            "authorization: Bearer abc123".to_owned(),
            "access_token=abc123 is too old".to_owned(),
            "https://user:abc123@host/".to_owned(),
        ] {
            let shown = shown(&text).unwrap();
            assert!(!shown.contains("abc123") && !shown.contains("eyJ"), "{shown}");
        }
        assert_eq!(shown("see https://host/path?a=b").as_deref(), Some("see https://host/path"));
        let harmless = "attachment 1eb17468-1272-4e2c-856f-1ce6c62ff094 is gone";
        assert_eq!(shown(harmless).as_deref(), Some(harmless));
    }
}
