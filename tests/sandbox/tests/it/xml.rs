//! XML answers, read by a reader of the tests' own.

use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::{Namespace, ResolveResult};

/// Prefixes and versions aside.
const SCHEMAS: &str = "http://www.decisiv.net/platform_api/";

/// An element.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) children: Vec<Node>,
}

impl Node {
    /// The children of that name in one of the documented namespaces.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Node> + use<'a> {
        let name = name.to_owned();
        self.children.iter().filter(move |child| child.name == name && child.namespace.starts_with(SCHEMAS))
    }

    /// The only one.
    pub(crate) fn one(&self, name: &str) -> &Node {
        let mut all = self.all(name);
        let found = all.next().unwrap_or_else(|| panic!("no {name} in {self:?}"));
        assert!(all.next().is_none(), "more than one {name}");
        found
    }

    /// The only one's text.
    pub(crate) fn text(&self, name: &str) -> String {
        self.one(name).value.clone()
    }
}

pub(crate) fn parse(text: &str) -> Result<Node, String> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open = vec![Node::default()];
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|e| e.to_string())?;
        let last = open.last_mut().ok_or("too many ends")?;
        match event {
            Event::Start(start) => {
                let namespace = match namespace {
                    ResolveResult::Bound(Namespace(namespace)) => namespace.to_owned(),
                    ResolveResult::Unbound => String::new(),
                    ResolveResult::Unknown(prefix) => return Err(format!("unknown prefix {prefix}")),
                };
                let name = start.local_name().as_ref().to_owned();
                open.push(Node { namespace, name, ..Node::default() });
            }
            Event::End(_) => {
                let node = open.pop().ok_or("too many ends")?;
                open.last_mut().ok_or("too many ends")?.children.push(node);
            }
            Event::Text(text) => last.value.push_str(&text.xml10_content()),
            Event::CData(text) => last.value.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref().map_err(|e| e.to_string())?.map(String::from);
                let named = || match &*name {
                    "amp" => Some("&".to_owned()),
                    "lt" => Some("<".to_owned()),
                    "gt" => Some(">".to_owned()),
                    _ => None,
                };
                last.value.push_str(&character.or_else(named).ok_or("an entity")?);
            }
            Event::Eof if open.len() == 1 && open[0].children.len() == 1 => {
                return Ok(open.remove(0).children.remove(0));
            }
            Event::Eof => return Err("it ends early".to_owned()),
            Event::DocType(_) => return Err("a document type".to_owned()),
            _ => {}
        }
    }
}
