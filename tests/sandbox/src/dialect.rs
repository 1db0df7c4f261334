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
    /// Decisiv's.
    pub decisiv: DecisivDialect,
    /// Field Nation's.
    pub field_nation: FieldNationDialect,
}

/// What Field Nation's pages leave open, or say in more than one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldNationDialect {
    /// The shape of errors.
    pub errors: ErrorShape,
    /// How a token is refused.
    pub token_refusal: TokenRefusal,
    /// What of a work order's attachments stands in an answer that is the whole work order.
    pub answer: AnsweredFolders,
    /// The number of a listing's first page.
    pub first_page: FirstPage,
    /// Folders on a page of a listing, at most; `None`: as many as were asked for, else 25.
    pub folders_per_page: Option<u32>,
    /// Files of a folder on a page of a listing, at most; `None`: all.
    pub files_per_page: Option<u32>,
    /// The shapes of a signature that are taken: the pages show two.
    pub signatures: SignatureShapes,
}

/// The shape of Field Nation's errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorShape {
    /// `status` (that of HTTP) and `message`.
    #[default]
    Status,
    /// The page's own example: `{"status": 500, "message": "Operation successful."}`, whatever happened.
    Successful,
    /// `status_code` and `message`.
    StatusCode,
    /// `application/problem+json`.
    Problem,
}

/// How Field Nation refuses a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRefusal {
    /// 400, "You must provide a valid OAuth token to make a request".
    #[default]
    BadRequest,
    /// 401, with the same text.
    Unauthorized,
}

/// What of a work order's attachments stands in Field Nation's whole work order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnsweredFolders {
    /// All folders with all files.
    #[default]
    Full,
    /// The first page of several: one folder and one of its files where the dialect sets no other number.
    OnePage,
    /// None, though there are some: the page's own example.
    Empty,
}

/// The number of the first page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstPage {
    /// 1.
    #[default]
    One,
    /// 0.
    Zero,
}

/// Which shapes of a signature Field Nation takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureShapes {
    /// Either.
    #[default]
    Both,
    /// `name`, `format`, `data`.
    Format,
    /// `name`, `title`, `signature` (a `data:` URL).
    DataUrl,
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

/// What Decisiv's page leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecisivDialect {
    /// What adding an attachment answers.
    pub answer: AddAnswer,
    /// The paths that are there: the page's headings and its examples differ.
    pub paths: CasePaths,
    /// `URL`, `downloadURL` and `Location` are paths, without scheme and host.
    pub relative_urls: bool,
    /// A file that comes as base64 is kept as it came, not decoded.
    pub leaves_base64: bool,
    /// Answers are in namespaces of a later version than the page's 0.0.7.
    pub newer_namespaces: bool,
    /// Where `downloadURL` leads.
    pub download: DownloadHost,
}

/// What Decisiv answers when an attachment was added; the page does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddAnswer {
    /// A `Location` header and the attachment.
    #[default]
    Both,
    /// A `Location` header and no body.
    Location,
    /// The attachment.
    Body,
    /// 201, and nothing.
    Neither,
}

/// Which of Decisiv's paths are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CasePaths {
    /// Those of the examples and those of the headings.
    #[default]
    Both,
    /// `/cases/{case_id}/attachments` and `/cases/{case_id}/attachments/{id}`.
    Examples,
    /// `/case/{case_id}/attachments` and `/case/{case_id}/attachment/{id}`.
    Headings,
}

/// Where Decisiv's `downloadURL` leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DownloadHost {
    /// To the account's own host, which wants the token.
    #[default]
    Own,
    /// To another host (`localhost` for `127.0.0.1`), as a temporary link that must not get the token.
    Other,
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
