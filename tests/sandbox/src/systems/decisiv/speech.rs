//! Decisiv's answers as XML: the documented elements under prefixes that change from answer to answer.
//!
//! Owns: prefixes, the order of elements, unknown ones among them (some by a documented name in another namespace), and the
//! addresses of attachments. Never: decides what is answered.

use std::time::SystemTime;

use time::OffsetDateTime;

use super::{BASE, DEFAULT_SENDER, ME};
use crate::clock::read_stamp;
use crate::dialect::{CasePaths, DownloadHost};
use crate::entry::Entry;
use crate::request::Request;
use crate::world::World;
use crate::xml::escaped;

/// An answer that is being said.
pub(super) struct Speech<'w> {
    world: &'w mut World,
    now: SystemTime,
    /// The request's number: prefixes and order turn with it.
    turn: u64,
    /// With its colon; empty for the default namespace.
    attachment: &'static str,
    sender: &'static str,
}

impl<'w> Speech<'w> {
    pub(super) fn of(request: &Request, world: &'w mut World, now: SystemTime) -> Self {
        let turn = request.number;
        // The last of them are the page's own prefixes, the other way about.
        let (attachment, sender) = [("ns1:", "ns2:"), ("", "who:"), ("s:", "a:")][(turn % 3) as usize];
        Self { world, now, turn, attachment, sender }
    }

    /// A document of one attachment, as get one has it.
    pub(super) fn one(mut self, entry: &Entry) -> String {
        let fields = self.fields(entry, false);
        self.document("attachment", &fields)
    }

    /// A document of all attachments.
    pub(super) fn all(mut self, entries: &[Entry]) -> String {
        let mut inside = String::new();
        for entry in entries {
            let fields = self.fields(entry, true);
            inside.push_str(&format!("<{0}attachment>{fields}</{0}attachment>\n", self.attachment));
            self.turn += 1;
        }
        self.document("attachments", &inside)
    }

    fn document(&self, root: &str, inside: &str) -> String {
        let version = if self.world.dialect.decisiv.newer_namespaces { "0.1.12" } else { "0.0.7" };
        let declared = |prefix: &str, schema: &str| {
            let prefix = prefix.strip_suffix(':').map(|p| format!(":{p}")).unwrap_or_default();
            format!(" xmlns{prefix}=\"http://www.decisiv.net/platform_api/{version}/Case/{schema}\"")
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- sandbox -->\n<{0}{root}{1}{2} \
             xmlns:extra=\"urn:sandbox:extra\">\n{inside}</{0}{root}>\n",
            self.attachment,
            declared(self.attachment, "AttachmentResponse"),
            declared(self.sender, "SenderResponse"),
        )
    }

    fn fields(&mut self, entry: &Entry, listed: bool) -> String {
        let (download, field) = (self.download_url(entry), |name: &str| entry.fields.get(name).map_or("", |f| f));
        let at = created(entry).unwrap_or_default();
        let element = |name: &str, text: &str| self.element(self.attachment, name, &escaped(text));
        let mut fields = vec![
            element("URL", &self.url(entry)),
            element("subjectURL", &self.case_url(entry)),
            element("downloadURL", &download),
            self.element(self.attachment, "description", &self.quoted(field("description"))),
            element("filename", &entry.name),
            element("size", &entry.size().to_string()),
            element("internal", field("internal")),
            element("createdAt", &at),
            element("updatedAt", &at),
            element("public", "false"),
            self.who(entry),
            element("mood", "unknown"),
        ];
        if listed {
            fields.push(element("format", field("format")));
        }
        let by = usize::try_from(self.turn).unwrap_or(0) % fields.len();
        fields.rotate_left(by);
        // A documented name of nobody's namespace, before and behind the real one.
        let stray = |name: &str| format!("<extra:{name}>extra</extra:{name}>");
        format!("\n{}{}{}\n", stray("filename"), fields.join("\n"), stray("URL"))
    }

    /// A text that is escaped, or a CDATA section.
    fn quoted(&self, text: &str) -> String {
        let sayable = !text.contains("]]>") && !text.contains(char::is_control);
        match self.turn.is_multiple_of(2) && sayable && text.contains(['&', '<']) {
            true => format!("<![CDATA[{text}]]>"),
            false => escaped(text),
        }
    }

    fn element(&self, prefix: &str, name: &str, inside: &str) -> String {
        format!("<{prefix}{name}>{inside}</{prefix}{name}>")
    }

    fn who(&self, entry: &Entry) -> String {
        let id = entry.fields.get("sender").map_or(DEFAULT_SENDER, |s| s);
        let url = self.address(&format!("/users/{}", segment(id)));
        let inside: String = [("URL", url.as_str()), ("groupName", "Field"), ("name", "Sandbox"), ("id", id)]
            .into_iter()
            .map(|(name, text)| self.element(self.sender, name, &escaped(text)))
            .collect();
        self.element(self.sender, "sender", &inside)
    }

    /// Where the attachment is got; its last segment is the id.
    pub(super) fn url(&self, entry: &Entry) -> String {
        let (case, id) = (segment(&entry.work_order), segment(&entry.remote_id));
        match self.world.dialect.decisiv.paths {
            CasePaths::Headings => self.address(&format!("/case/{case}/attachment/{id}")),
            CasePaths::Both | CasePaths::Examples => self.address(&format!("/cases/{case}/attachments/{id}")),
        }
    }

    fn case_url(&self, entry: &Entry) -> String {
        let style = if self.world.dialect.decisiv.paths == CasePaths::Headings { "case" } else { "cases" };
        self.address(&format!("/{style}/{}", segment(&entry.work_order)))
    }

    fn download_url(&mut self, entry: &Entry) -> String {
        match self.world.dialect.decisiv.download {
            DownloadHost::Own => format!("{}/content", self.url(entry)),
            DownloadHost::Other => self.world.link(entry, self.now).replacen("127.0.0.1", "localhost", 1),
        }
    }

    fn address(&self, path: &str) -> String {
        let origin = if self.world.dialect.decisiv.relative_urls { "" } else { self.world.origin.as_str() };
        format!("{origin}/{ME}{BASE}{path}")
    }
}

/// One segment of a path.
fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// `2006-05-04T18:13:51.0`: a time without a zone, as the page has it.
fn created(entry: &Entry) -> Option<String> {
    let at = OffsetDateTime::from(read_stamp(&entry.accepted)?);
    let (date, time) = (at.date(), at.time());
    let (hour, minute, second) = time.as_hms();
    Some(format!("{date}T{hour:02}:{minute:02}:{second:02}.{}", time.millisecond() / 100))
}
