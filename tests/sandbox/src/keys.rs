//! The credentials that the systems have given out: tokens and temporary links.
//!
//! Owns: which of them are good until when, and what of a text has to be blotted out because it is one. Never: what a
//! request with one of them gets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use crate::entry::Entry;
use crate::intake::hex;
use crate::provider::Provider;

/// How long a temporary link lives (CorrigoPro's page).
const LINK_LIFE: Duration = Duration::from_secs(15 * 60);

/// What stands in a credential's place.
pub(crate) const BLOT: &str = "[redacted]";

/// Below this length a token is blotted out only where it stands alone: `a` is in every sentence.
const TELLING: usize = 8;

/// The path of temporary links.
const LINKS: &str = "/links/";

struct Link {
    system: Provider,
    remote_id: String,
    until: SystemTime,
}

/// Tokens and temporary links.
pub(crate) struct Keys {
    tokens: BTreeMap<Provider, Vec<String>>,
    /// When a system's tokens of now cease to be accepted.
    ends: BTreeMap<Provider, SystemTime>,
    /// Every token of this run: a refused one is still nobody's to read.
    given: BTreeSet<String>,
    links: HashMap<String, Link>,
}

impl Keys {
    pub(crate) fn new(tokens: BTreeMap<Provider, Vec<String>>) -> Self {
        let given = tokens.values().flatten().cloned().collect();
        Self { tokens, ends: BTreeMap::new(), given, links: HashMap::new() }
    }

    /// Tokens as at the start, no links; what was given out stays a secret.
    pub(crate) fn reset(&mut self, tokens: BTreeMap<Provider, Vec<String>>) {
        let given = std::mem::take(&mut self.given);
        *self = Self::new(tokens);
        self.given.extend(given);
    }

    /// The tokens of each system.
    pub(crate) fn tokens(&self) -> &BTreeMap<Provider, Vec<String>> {
        &self.tokens
    }

    /// A token that the system accepts now; empty if it accepts none.
    pub(crate) fn token(&self, system: Provider) -> String {
        self.tokens.get(&system).and_then(|tokens| tokens.first().cloned()).unwrap_or_default()
    }

    /// The tokens that the system accepts from now on, with no end.
    pub(crate) fn set_tokens(&mut self, system: Provider, tokens: Vec<String>) {
        self.given.extend(tokens.iter().cloned());
        self.ends.remove(&system);
        self.tokens.insert(system, tokens);
    }

    /// The system's tokens of now are good until then.
    pub(crate) fn end_tokens(&mut self, system: Provider, at: SystemTime) {
        self.ends.insert(system, at);
    }

    /// Whose token this is.
    pub(crate) fn owner_of(&self, token: &str) -> Option<Provider> {
        self.tokens.iter().find(|(_, tokens)| tokens.iter().any(|t| t == token)).map(|(system, _)| *system)
    }

    /// When the next tokens end.
    pub(crate) fn next_end(&self) -> Option<SystemTime> {
        self.ends.values().min().copied()
    }

    /// Takes the tokens away that have ended by now.
    pub(crate) fn settle(&mut self, now: SystemTime) {
        for (system, _) in self.ends.extract_if(.., |_, end| *end <= now) {
            self.tokens.insert(system, vec![]);
        }
    }

    /// The key of a new temporary link to the entry's bytes.
    pub(crate) fn link(&mut self, entry: &Entry, now: SystemTime) -> String {
        let key = format!("{}{}", uuid::Uuid::now_v7().simple(), hex(&Sha256::digest(entry.remote_id.as_bytes())[..4]));
        let link = Link { system: entry.system, remote_id: entry.remote_id.clone(), until: now + LINK_LIFE };
        self.links.insert(key.clone(), link);
        key
    }

    /// The id of the entry behind a link that is still good.
    pub(crate) fn linked(&self, system: Provider, key: &str, now: SystemTime) -> Option<&str> {
        let link = self.links.get(key).filter(|l| l.system == system && now < l.until)?;
        Some(&link.remote_id)
    }

    /// No link that was given out is good any more.
    pub(crate) fn end_links(&mut self) {
        self.links.clear();
    }

    /// A text without the tokens and temporary links in it.
    pub(crate) fn blotted(&self, text: &str) -> String {
        if self.given.contains(text) {
            return BLOT.to_owned();
        }
        let mut shown = text.to_owned();
        for token in self.given.iter().filter(|token| token.len() >= TELLING) {
            shown = shown.replace(token, BLOT);
        }
        without_links(&shown)
    }
}

/// The keys in `.../links/SYSTEM/KEY` blotted out, wherever such a path stands.
fn without_links(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(LINKS) {
        shown.push_str(before);
        shown.push_str(LINKS);
        rest = after;
        let Some((system, key)) = after.split_once('/').filter(|(system, _)| system.parse::<Provider>().is_ok()) else {
            continue;
        };
        let end = key.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(key.len());
        shown.push_str(&format!("{system}/{}", if end > 0 { BLOT } else { "" }));
        rest = &key[end..];
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn keys() -> Keys {
        Keys::new(BTreeMap::from([(Provider::Serial, vec!["serial-sandbox-token".to_owned(), "a".to_owned()])]))
    }

    #[test]
    fn tokens_end_when_they_are_said_to_unless_others_come_before() {
        let mut keys = keys();
        let end = NOW + Duration::from_secs(5);
        keys.end_tokens(Provider::Serial, end);
        keys.settle(end - Duration::from_millis(1));
        assert_eq!(keys.owner_of("a"), Some(Provider::Serial));
        keys.settle(end);
        assert_eq!((keys.owner_of("a"), keys.next_end()), (None, None));
        keys.end_tokens(Provider::Serial, end);
        keys.set_tokens(Provider::Serial, vec!["new".to_owned()]);
        keys.settle(end);
        assert_eq!(keys.token(Provider::Serial), "new");
    }

    #[test]
    fn tokens_of_now_and_of_before_are_blotted_out_and_links_too() {
        let mut keys = keys();
        keys.set_tokens(Provider::Serial, vec![]);
        keys.reset(BTreeMap::new());
        let table = [
            ("a", BLOT),
            ("a boiler plate", "a boiler plate"),
            ("Bearer serial-sandbox-token!", "Bearer [redacted]!"),
            ("see http://h:1/links/serial/0af3b9 now", "see http://h:1/links/serial/[redacted] now"),
            ("/links/serial/1/links/decisiv/2", "/links/serial/[redacted]/links/decisiv/[redacted]"),
            ("/links/of mine/are fine", "/links/of mine/are fine"),
        ];
        for (text, shown) in table {
            assert_eq!(keys.blotted(text), shown, "{text}");
        }
    }
}
