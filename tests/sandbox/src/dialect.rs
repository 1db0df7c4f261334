//! The shapes and manners that no document fixes, as switches: a client has to live with every one of them.
//!
//! Owns: their names and defaults. Never: what a system does with them.

use serde::{Deserialize, Serialize};

/// Shapes that no document fixes: a client has to take every one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    /// How CorrigoPro's listing is wrapped.
    pub corrigo_list: ListShape,
    /// How CorrigoPro's `downloadUrl` answers.
    pub corrigo_link: LinkShape,
    /// Serial's.
    pub serial: SerialDialect,
}

/// What Serial's page leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SerialDialect {
    /// Every file gets a name of the server's own, a UUID, as the page's example shows.
    pub renames: bool,
    /// What is told as `value` of a file.
    pub value: FileValue,
}

/// How a listing is wrapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListShape {
    /// `[...]`
    #[default]
    Array,
    /// An object with one array in it, and other fields.
    Wrapped,
}

/// What stands in Serial's `value`, which is explained for texts only, of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileValue {
    /// Nothing: `null`.
    #[default]
    Null,
    /// A temporary link to the bytes.
    Link,
}

/// How a temporary link is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkShape {
    /// `"https://..."`
    #[default]
    JsonString,
    /// The link as `text/plain`.
    Plain,
    /// An object with one absolute URL in it, and other fields.
    Object,
}
