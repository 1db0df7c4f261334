//! The reference server as a process of its own, and what lies in its folder.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fieldpost_tests::sha256;
use serde_json::{Map, Value};

/// Where `cargo xtask test tus` has installed the server.
const INSTALLED: &str = "FIELDPOST_TUS_SERVER";

/// A server that runs, or is stopped.
pub(crate) struct Server {
    folder: PathBuf,
    running: Option<(Child, u16)>,
}

impl Server {
    /// A server whose uploads lie in `folder`.
    pub(crate) fn start(folder: &Path) -> Self {
        let mut server = Server { folder: folder.to_owned(), running: None };
        server.restart();
        server
    }

    /// Another process over the same folder, at another port.
    pub(crate) fn restart(&mut self) {
        self.stop();
        let installed = std::env::var_os(INSTALLED);
        let installed = PathBuf::from(installed.expect("run this by `cargo xtask test tus`: it installs the server"));
        let mut node = Command::new("node");
        node.arg("server.mjs").arg(&self.folder).current_dir(installed);
        // Its standard input is never written to: the server ends with it, and so with us.
        let mut child = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let said: Value = serde_json::from_str(&said).expect("the server says where it listens");
        let port = said["port"].as_u64().and_then(|port| port.try_into().ok()).unwrap();
        self.running = Some((child, port));
    }

    pub(crate) fn stop(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.running.as_ref().unwrap().1
    }

    /// All uploads, whole or not.
    pub(crate) fn stored(&self) -> Vec<Stored> {
        let names = std::fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.extension().is_none()).map(|path| Stored::read(&path)).collect()
    }

    /// What the server does with uploads that expired: their bytes are gone.
    pub(crate) fn drop_unfinished(&self) {
        for stored in self.stored().into_iter().filter(|stored| !stored.is_whole()) {
            std::fs::remove_file(self.folder.join(stored.id)).unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An upload as it lies there: its bytes in a file, what was told of it beside that.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) id: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    pub(crate) metadata: Map<String, Value>,
    size: u64,
}

impl Stored {
    fn read(path: &Path) -> Self {
        let content = std::fs::read(path).unwrap();
        let told = std::fs::read_to_string(path.with_extension("json")).unwrap();
        let told: Value = serde_json::from_str(&told).unwrap();
        Stored {
            id: path.file_name().unwrap().to_str().unwrap().to_owned(),
            bytes: content.len() as u64,
            sha256: sha256(&content),
            metadata: told["metadata"].as_object().cloned().unwrap_or_default(),
            size: told["size"].as_u64().unwrap(),
        }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.bytes == self.size
    }
}
