//! Links from the page to pictures, relative to it: a folder with both in it may move as a whole.

use std::fmt::Write;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Links of a page in this folder.
pub(super) struct Links {
    folder: PathBuf,
}

impl Links {
    pub(super) fn from_page(page: &Path) -> io::Result<Self> {
        let page = settled(page)?;
        Ok(Links { folder: page.parent().map(Path::to_owned).unwrap_or_default() })
    }

    /// The link to a file, harmless whatever its name is: of any character that means something in a URL or in HTML
    /// there are only the slashes between folders.
    pub(super) fn to(&self, file: &Path) -> io::Result<String> {
        let file = settled(file)?;
        let (mut ours, mut theirs) = (self.folder.components().peekable(), file.components().peekable());
        while ours.peek().is_some() && ours.peek() == theirs.peek() {
            ours.next();
            theirs.next();
        }
        let up = ours.map(|_| "..".to_owned());
        let down = theirs.map(|component| encoded(component.as_os_str().as_encoded_bytes()));
        Ok(up.chain(down).collect::<Vec<_>>().join("/"))
    }
}

/// From the root, without `..`: a browser takes that away without looking at the disk, where what stands before it could be a
/// symbolic link to elsewhere. Other links stay, for the page is opened by the path that was typed.
fn settled(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    if !path.components().any(|component| component == Component::ParentDir) {
        return Ok(path);
    }
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => Ok(folder.canonicalize()?.join(name)),
        _ => path.canonicalize(),
    }
}

/// Percent-encoded, but for what RFC 3986 calls unreserved.
fn encoded(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(*byte)),
            _ => write!(out, "%{byte:02X}").expect("a String takes whatever is written"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(page: &str, file: &str) -> String {
        Links::from_page(Path::new(page)).unwrap().to(Path::new(file)).unwrap()
    }

    #[test]
    fn links_are_relative_to_the_page() {
        assert_eq!(link("/a/b/page.html", "/a/b/c.jpg"), "c.jpg");
        assert_eq!(link("/a/b/page.html", "/a/b/out/c.jpg"), "out/c.jpg");
        assert_eq!(link("/a/b/page.html", "/a/x/c.jpg"), "../x/c.jpg");
        assert_eq!(link("/a/b/page.html", "/x/c.jpg"), "../../x/c.jpg");
        assert_eq!(link("/page.html", "/c.jpg"), "c.jpg");
        assert_eq!(link("page.html", "sub/./c.jpg"), "sub/c.jpg");
    }

    #[test]
    fn a_name_cannot_become_anything_but_a_name() {
        assert_eq!(link("/a/p.html", "/a/javascript:alert(1)"), "javascript%3Aalert%281%29");
        assert_eq!(link("/a/p.html", "/a/100% \"<b>?#&'.jpg"), "100%25%20%22%3Cb%3E%3F%23%26%27.jpg");
        assert_eq!(link("/a/p.html", "/a/Kühl.jpg"), "K%C3%BChl.jpg");
    }

    #[test]
    #[cfg(unix)]
    fn a_way_up_out_of_a_symbolic_link_leads_where_the_disk_says() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("far/away")).unwrap();
        std::os::unix::fs::symlink(root.join("far/away"), root.join("near")).unwrap();
        let links = Links::from_page(&root.join("page.html")).unwrap();
        assert_eq!(links.to(&root.join("near/../c.jpg")).unwrap(), "far/c.jpg");
        assert_eq!(links.to(&root.join("near/c.jpg")).unwrap(), "near/c.jpg");
    }
}
