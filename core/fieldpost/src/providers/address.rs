//! Addresses: the account's base joined with a path and a query, every piece of foreign text escaped.

use url::{Host, Url, form_urlencoded};

/// `base` with `segments` after its path and `query` as its query. `None` if `base` is no http(s) address, or if a segment
/// cannot stand in a path: empty, `.`, `..` (they name another path) or with control characters (dropped by the standard,
/// which would name another path too). `base` may or may not end with `/`.
pub(super) fn join(base: &str, segments: &[&str], query: &[(&str, &str)]) -> Option<Url> {
    let mut url = Url::parse(base).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    if !segments.iter().all(|segment| is_segment(segment)) {
        return None;
    }
    url.set_fragment(None);
    url.path_segments_mut().ok()?.pop_if_empty().extend(segments);
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    url.set_query((!pairs.is_empty()).then(|| pairs.join("&")).as_deref());
    Some(url)
}

/// Whether `text` can be one segment of a path.
pub(super) fn is_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.chars().any(char::is_control)
}

/// `text` for a query. A space becomes `%20`, which every server reads as a space; `+` only some.
fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Whether `url` may be fetched: over TLS, or in the clear from this very machine or where the account allows it.
pub(super) fn may_fetch(url: &Url, cleartext: bool) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && (loopback || cleartext))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_may_end_with_a_slash_or_not_and_may_have_a_path() {
        for (base, wanted) in [
            ("https://h", "https://h/a/b?c=d"),
            ("https://h/", "https://h/a/b?c=d"),
            ("https://h:8443/api/rest/v2", "https://h:8443/api/rest/v2/a/b?c=d"),
            ("https://h/api/rest/v2/", "https://h/api/rest/v2/a/b?c=d"),
            ("https://h/x?old=1#y", "https://h/x/a/b?c=d"),
        ] {
            assert_eq!(join(base, &["a", "b"], &[("c", "d")]).unwrap().as_str(), wanted, "{base}");
        }
    }

    #[test]
    fn foreign_text_cannot_leave_its_place() {
        for (text, path, query) in [
            ("a/b", "a%2Fb", "a%2Fb"),
            ("a?b#c", "a%3Fb%23c", "a%3Fb%23c"),
            ("a\\b", "a%5Cb", "a%5Cb"),
            ("%2e%2e", "%252e%252e", "%252e%252e"),
            ("x&y=z+ w", "x&y=z+%20w", "x%26y%3Dz%2B%20w"),
            ("é", "%C3%A9", "%C3%A9"),
        ] {
            let url = join("https://h/v1", &[text, "file"], &[("q", text)]).unwrap();
            assert_eq!(url.as_str(), format!("https://h/v1/{path}/file?q={query}"));
            assert_eq!(url.query_pairs().next().unwrap().1, text);
        }
    }

    #[test]
    fn what_would_name_another_path_is_refused() {
        for text in ["", ".", "..", "a\nb", "a\tb", "\0"] {
            assert_eq!(join("https://h", &[text], &[]), None, "{text:?}");
        }
        for base in ["", "h", "ftp://h", "mailto:a@b", "https://"] {
            assert_eq!(join(base, &["a"], &[]), None, "{base:?}");
        }
    }

    #[test]
    fn a_link_is_fetched_in_the_clear_only_from_this_machine_or_where_allowed() {
        for (link, strict, lax) in [
            ("https://far.example/x", true, true),
            ("http://far.example/x", false, true),
            ("http://127.0.0.1:9/x", true, true),
            ("http://[::1]/x", true, true),
            ("http://localhost/x", true, true),
            ("ftp://far.example/x", false, false),
        ] {
            let url = Url::parse(link).unwrap();
            assert_eq!((may_fetch(&url, false), may_fetch(&url, true)), (strict, lax), "{link}");
        }
    }
}
