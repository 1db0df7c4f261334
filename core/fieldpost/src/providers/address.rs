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

/// The last segment of `url`'s path as text, a slash after it passed over. `None` if there is none, or it is no text.
pub(super) fn last_segment(url: &Url) -> Option<String> {
    let path = url.path().strip_suffix('/').unwrap_or(url.path());
    let (_, last) = path.rsplit_once('/')?;
    decoded(last).filter(|text| is_segment(text))
}

/// `segment` without its escapes. A `%` that begins none stands for itself, as browsers have it.
fn decoded(segment: &str) -> Option<String> {
    let (mut out, mut rest) = (Vec::with_capacity(segment.len()), segment.as_bytes());
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).filter(|two| *first == b'%' && two.iter().all(u8::is_ascii_hexdigit));
        let byte = hex.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        out.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(out).ok()
}

/// Whether both name the same place at the same host and port, however their paths are escaped; a slash at the end, a query and a
/// fragment do not matter.
pub(super) fn is_same_place(one: &Url, other: &Url) -> bool {
    let path = |url: &Url| {
        let segments = url.path().strip_suffix('/').unwrap_or(url.path()).split('/');
        segments.map(decoded).collect::<Option<Vec<_>>>()
    };
    one.origin() == other.origin() && path(one).is_some_and(|path_of_one| Some(path_of_one) == path(other))
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
    fn the_last_segment_is_read_as_the_text_that_was_put_in() {
        for text in ["17", "a b", "a/b", "50%", "%41", "é?#", "1.xml", "+"] {
            let url = join("https://h/v1", &["x", text], &[("q", "a/b")]).unwrap();
            assert_eq!(last_segment(&url).as_deref(), Some(text), "{url}");
        }
        for (link, wanted) in [
            ("https://h/a/b/", Some("b")),
            ("https://h/a%2Fb", Some("a/b")),
            ("https://h/100%", Some("100%")),
            ("https://h", None),
            ("https://h/", None),
            ("https://h/a//", None),
            ("https://h/%ff", None),
            ("https://h/%0a", None),
            ("mailto:a@b", None),
        ] {
            assert_eq!(last_segment(&Url::parse(link).unwrap()).as_deref(), wanted, "{link}");
        }
    }

    #[test]
    fn a_place_is_the_same_however_it_is_spelled() {
        let here = Url::parse("https://h/a/b%20c/d").unwrap();
        for (link, same) in [
            ("https://H:443/a/b%20c/d/?x#y", true),
            ("https://h/a/x/../%62 c/d", true),
            ("https://h/a/b%20c", false),
            ("https://h/a/b%20c%2Fd", false),
            ("https://h/a/b%20c/d/e", false),
            ("https://h//a/b%20c/d", false),
            ("http://h/a/b%20c/d", false),
            ("https://h:8443/a/b%20c/d", false),
            ("https://h.evil/a/b%20c/d", false),
        ] {
            assert_eq!(is_same_place(&here, &Url::parse(link).unwrap()), same, "{link}");
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
