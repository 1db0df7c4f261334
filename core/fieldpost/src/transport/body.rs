//! A body on its way out: read in chunks, its file hashed again, and counted. Knows no HTTP and no runtime.
//!
//! ```text
//! Form + file --BodyReader--> chunk, chunk, ... (the file's last one only once length and SHA-256 match)
//!                                |
//!                              Meter: how much was handed on -> Left; shut: nothing more goes out
//! ```

use std::io::{self, Read as _, Seek as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256 as Hasher};

use super::BodyFile;
use super::base64::Lines;
use super::multipart::{Form, Segment};
use crate::disk::{Disk, Reader};
use crate::model::{Left, Sha256, base64_length, base64_text_length};

/// The bytes of a chunk: few enough for a phone's memory, enough to keep a fast line busy.
pub(crate) const CHUNK: usize = 64 * 1024;

/// The file is not what was prepared, or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

impl From<io::Error> for Damaged {
    fn from(_: io::Error) -> Self {
        Damaged
    }
}

/// Reads a form's bytes in their order.
pub(crate) struct BodyReader {
    form: Form,
    file: Option<Checked>,
    /// The segment that comes next, or is being read.
    segment: usize,
    /// How much of that segment was read.
    done: u64,
}

/// The file, and what it must turn out to be.
struct Checked {
    content: Box<dyn Reader>,
    bytes: u64,
    sha256: Sha256,
    hasher: Hasher,
    /// What was read and encoded, but not yet given.
    lines: Lines,
}

impl BodyReader {
    /// Opens the file, where there is one. A file that is missing or has another length is found here, before anything leaves.
    pub(crate) fn open(form: Form, file: Option<&BodyFile>, disk: &dyn Disk) -> Result<Self, Damaged> {
        let wanted = form.segments().iter().any(|segment| !matches!(segment, Segment::Bytes(_)));
        let file = match file.filter(|_| wanted) {
            Some(file) if disk.len(&file.path)? != file.bytes.0 => return Err(Damaged),
            Some(file) => Some(Checked {
                content: disk.open(&file.path)?,
                bytes: file.bytes.0,
                sha256: file.sha256,
                hasher: Hasher::new(),
                lines: Lines::default(),
            }),
            None if wanted => return Err(Damaged),
            None => None,
        };
        Ok(BodyReader { form, file, segment: 0, done: 0 })
    }

    /// Fills `chunk` with what comes next and says how much that is: less than fits only at the end, 0 after it.
    /// The file's last bytes are given only after all of them have proved to be the right ones.
    pub(crate) fn read(&mut self, chunk: &mut [u8]) -> Result<usize, Damaged> {
        let mut filled = 0;
        while filled < chunk.len() && self.segment < self.form.segments().len() {
            filled += self.read_segment(&mut chunk[filled..])?;
        }
        Ok(filled)
    }

    fn read_segment(&mut self, space: &mut [u8]) -> Result<usize, Damaged> {
        let (read, length) = match &self.form.segments()[self.segment] {
            Segment::Bytes(bytes) => {
                // `done` stays below the length of bytes in memory, which a usize holds.
                let rest = &bytes[usize::try_from(self.done).unwrap_or(bytes.len())..];
                let n = rest.len().min(space.len());
                space[..n].copy_from_slice(&rest[..n]);
                (n, bytes.len() as u64)
            }
            Segment::File => {
                let file = self.file.as_mut().ok_or(Damaged)?;
                (file.read(self.done, space)?, file.bytes)
            }
            Segment::Base64File => {
                let file = self.file.as_mut().ok_or(Damaged)?;
                (file.read_encoded(self.done, Lines::default, space)?, base64_length(file.bytes))
            }
            Segment::Base64Text => {
                let file = self.file.as_mut().ok_or(Damaged)?;
                (file.read_encoded(self.done, Lines::unbroken, space)?, base64_text_length(file.bytes))
            }
            Segment::Rest(from) => {
                let file = self.file.as_mut().ok_or(Damaged)?;
                (file.read_rest(*from, self.done, space)?, file.bytes.checked_sub(*from).ok_or(Damaged)?)
            }
        };
        self.done += read as u64;
        if self.done == length {
            self.segment += 1;
            self.done = 0;
        }
        Ok(read)
    }
}

impl Checked {
    /// Reads on from `done`, and checks the whole along with its last byte.
    fn read(&mut self, done: u64, space: &mut [u8]) -> Result<usize, Damaged> {
        if done == 0 {
            self.content.rewind()?;
            self.hasher = Hasher::new();
        }
        let rest = self.bytes - done;
        let n = usize::try_from(rest).unwrap_or(usize::MAX).min(space.len());
        self.content.read_exact(&mut space[..n])?; // a file that has become shorter ends here
        self.hasher.update(&space[..n]);
        if n as u64 == rest {
            self.verify()?;
        }
        Ok(n)
    }

    /// The same without the first `from` bytes, which are only hashed.
    fn read_rest(&mut self, from: u64, done: u64, space: &mut [u8]) -> Result<usize, Damaged> {
        if done == 0 {
            let (mut skipped, mut some) = (0, vec![0; CHUNK]);
            while skipped < from {
                let n = usize::try_from(from - skipped).unwrap_or(CHUNK).min(CHUNK);
                skipped += self.read(skipped, &mut some[..n])? as u64;
            }
            if from == self.bytes && from > 0 {
                return Ok(0); // nothing is missing, and all of it was checked just now
            }
        }
        self.read(from + done, space)
    }

    /// The same in base64. Lines are made of some of the file at a time, so its last ones are not made before it is checked.
    fn read_encoded(&mut self, done: u64, lines: fn() -> Lines, space: &mut [u8]) -> Result<usize, Damaged> {
        if done == 0 {
            self.lines = lines();
        }
        if self.lines.is_drained() {
            let mut some = [0; Lines::AT_ONCE];
            let n = self.read(self.lines.encoded(), &mut some)?;
            self.lines.fill(&some[..n]);
        }
        Ok(self.lines.take(space))
    }

    fn verify(&mut self) -> Result<(), Damaged> {
        let surplus = io::copy(&mut self.content.by_ref().take(1), &mut io::sink())?;
        let sha256 = Sha256(self.hasher.finalize_reset().into());
        if surplus == 0 && sha256 == self.sha256 { Ok(()) } else { Err(Damaged) }
    }
}

/// Counts what of a body was handed to the HTTP stack, and is the gate that nothing passes any more once it is shut.
pub(crate) struct Meter {
    total: u64,
    count: Mutex<Count>,
}

#[derive(Default)]
struct Count {
    handed: u64,
    shut: bool,
    damaged: bool,
}

impl Meter {
    /// The meter of a body of `total` bytes.
    pub(crate) fn new(total: u64) -> Self {
        Meter { total, count: Mutex::default() }
    }

    /// The length of the body.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Counts `bytes` that are about to be handed on. `false`: the gate is shut, they must stay here.
    ///
    /// Counted before they go: whoever asks in between hears that they may have left.
    #[must_use]
    pub(crate) fn pass(&self, bytes: u64) -> bool {
        let mut count = self.lock();
        if !count.shut {
            count.handed += bytes;
        }
        !count.shut
    }

    /// How many bytes were handed on.
    pub(crate) fn handed(&self) -> u64 {
        self.lock().handed
    }

    /// Nothing goes out from now on.
    pub(crate) fn shut(&self) {
        self.lock().shut = true;
    }

    /// Our own file is damaged: nothing goes out from now on.
    pub(crate) fn damage(&self) {
        let mut count = self.lock();
        count.damaged = true;
        count.shut = true;
    }

    /// Whether our own file was found damaged.
    pub(crate) fn damaged(&self) -> bool {
        self.lock().damaged
    }

    /// How much left. An empty body leaves with its request: `requested` says whether that may have left.
    pub(crate) fn left(&self, requested: bool) -> Left {
        match self.lock().handed {
            0 if self.total > 0 || !requested => Left::None,
            handed if handed < self.total => Left::Part,
            _ => Left::Whole,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Count> {
        // Nothing panics while it is held; if something did, the count would still be true.
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD;
    use tempfile::TempDir;

    use super::*;
    use crate::disk::OsDisk;
    use crate::model::{Bytes, Content, Part};

    fn with(file: Content) -> [Part; 2] {
        let description = Content::Text("x".repeat(100));
        [Part { name: "Description", content: description }, Part { name: "file", content: file }]
    }

    fn parts() -> [Part; 2] {
        with(Content::File { filename: "a.jpg".to_owned(), mime: "image/jpeg".to_owned() })
    }

    fn twice_in_base64() -> [Part; 2] {
        let content = || Content::Base64File { filename: "a.jpg".to_owned(), mime: "image/jpeg".to_owned() };
        [Part { name: "one", content: content() }, Part { name: "other", content: content() }]
    }

    fn in_base64() -> [Part; 2] {
        with(Content::Base64File { filename: "a.jpg".to_owned(), mime: "image/jpeg".to_owned() })
    }

    /// Content of `length` bytes that nowhere repeats in step with a chunk.
    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|n| (n % 251) as u8).collect()
    }

    fn body_file(folder: &TempDir, content: &[u8]) -> BodyFile {
        let path = folder.path().join("sent");
        fs::write(&path, content).unwrap();
        BodyFile { path, bytes: Bytes(content.len() as u64), sha256: Sha256(Hasher::digest(content).into()) }
    }

    fn open(file: &BodyFile) -> Result<BodyReader, Damaged> {
        open_with(&parts(), file)
    }

    fn open_with(parts: &[Part], file: &BodyFile) -> Result<BodyReader, Damaged> {
        BodyReader::open(Form::new(parts, Some(file)).unwrap(), Some(file), &OsDisk)
    }

    /// `content` in base64, made in one go.
    fn encoded(content: &[u8]) -> Vec<u8> {
        content.chunks(57).map(|line| STANDARD.encode(line)).collect::<Vec<_>>().join("\r\n").into_bytes()
    }

    /// All that `reader` gives in chunks of `size`, and how it ended.
    fn drain(mut reader: BodyReader, size: usize) -> (Vec<u8>, Result<(), Damaged>) {
        let (mut all, mut chunk) = (Vec::new(), vec![0; size]);
        loop {
            match reader.read(&mut chunk) {
                Ok(0) => return (all, Ok(())),
                Ok(n) => all.extend_from_slice(&chunk[..n]),
                Err(damaged) => return (all, Err(damaged)),
            }
        }
    }

    #[test]
    fn a_body_is_the_same_whatever_the_size_of_its_chunks() {
        let folder = TempDir::new().unwrap();
        let forms = |length| [(length, parts()), (length, in_base64()), (length, twice_in_base64())];
        for (length, parts) in [0, 1, 999, 1000, 3000, 200_000].into_iter().flat_map(forms) {
            let content = content(length);
            let file = body_file(&folder, &content);
            let form = Form::new(&parts, Some(&file)).unwrap();
            let expected: Vec<u8> = form
                .segments()
                .iter()
                .flat_map(|segment| match segment {
                    Segment::Bytes(bytes) => bytes.clone(),
                    Segment::File => content.clone(),
                    Segment::Base64File => encoded(&content),
                    Segment::Base64Text | Segment::Rest(_) => unreachable!("no form has it"),
                })
                .collect();
            assert_eq!(form.length(), expected.len() as u64);
            for size in [1, 7, 1000, CHUNK] {
                let (body, end) = drain(open_with(&parts, &file).unwrap(), size);
                assert_eq!((body == expected, end), (true, Ok(())), "{length} bytes in chunks of {size}");
            }
        }
    }

    #[test]
    fn a_document_around_a_file_has_it_in_base64_without_line_breaks() {
        let folder = TempDir::new().unwrap();
        for length in [0, 1, 56, 57, 58, 20_000] {
            let content = content(length);
            let file = body_file(&folder, &content);
            let form = || Form::around("application/json", [r#"{"data":""#, r#""}"#], Some(&file)).unwrap();
            let wanted = format!(r#"{{"data":"{}"}}"#, STANDARD.encode(&content));
            assert_eq!((form().length(), form().content_type()), (wanted.len() as u64, "application/json"));
            for size in [7, CHUNK] {
                let (body, end) = drain(BodyReader::open(form(), Some(&file), &OsDisk).unwrap(), size);
                assert_eq!((String::from_utf8(body).unwrap(), end), (wanted.clone(), Ok(())), "{length} bytes");
            }
        }
        assert_eq!(Form::around("application/json", ["", ""], None), None);
    }

    #[test]
    fn a_file_of_another_length_or_none_is_found_before_anything_is_read() {
        let folder = TempDir::new().unwrap();
        let file = body_file(&folder, &content(1000));
        for other in [999, 1001, 0] {
            fs::write(&file.path, content(other)).unwrap();
            assert_eq!(open(&file).err(), Some(Damaged), "{other} bytes");
        }
        fs::remove_file(&file.path).unwrap();
        assert_eq!(open(&file).err(), Some(Damaged));
        fs::create_dir(&file.path).unwrap();
        assert_eq!(open(&file).err(), Some(Damaged));
        let form = Form::new(&parts(), Some(&file)).unwrap();
        assert_eq!(BodyReader::open(form, None, &OsDisk).err(), Some(Damaged));
    }

    #[test]
    fn a_damaged_file_never_leaves_whole() {
        let folder = TempDir::new().unwrap();
        let good = content(2500);
        for wrong in [0, 1249, 2499] {
            let file = body_file(&folder, &good);
            let mut bad = good.clone();
            bad[wrong] ^= 1;
            fs::write(&file.path, &bad).unwrap();
            for size in [1, 1000, CHUNK] {
                let (body, end) = drain(open(&file).unwrap(), size);
                assert_eq!(end, Err(Damaged), "byte {wrong}, chunks of {size}");
                assert!(!body.ends_with(&bad[2490..]), "byte {wrong}, chunks of {size}");
            }
        }
    }

    #[test]
    fn a_damaged_file_never_leaves_whole_in_base64_either() {
        let folder = TempDir::new().unwrap();
        let good = content(40_000);
        for wrong in [0, 20_000, 39_999] {
            let file = body_file(&folder, &good);
            let mut bad = good.clone();
            bad[wrong] ^= 1;
            fs::write(&file.path, &bad).unwrap();
            for size in [1, 1000, CHUNK] {
                let (body, end) = drain(open_with(&in_base64(), &file).unwrap(), size);
                assert_eq!(end, Err(Damaged), "byte {wrong}, chunks of {size}");
                let last = encoded(&bad);
                assert!(!body.ends_with(&last[last.len() - 10..]), "byte {wrong}, chunks of {size}");
            }
        }
        let mut empty = body_file(&folder, b"");
        empty.sha256.0[0] ^= 1;
        assert_eq!(drain(open_with(&in_base64(), &empty).unwrap(), 1).1, Err(Damaged));
    }

    #[test]
    fn the_rest_of_a_file_is_sent_and_all_of_it_is_checked() {
        let folder = TempDir::new().unwrap();
        let (good, reader) = (content(200_000), |from, file: &BodyFile| {
            BodyReader::open(Form::rest("x/y", from, Some(file)).unwrap(), Some(file), &OsDisk).unwrap()
        });
        let file = body_file(&folder, &good);
        for from in [0, 1, 999, 65_536, 131_073, 199_999, 200_000] {
            for size in [1000, CHUNK] {
                let (body, end) = drain(reader(from, &file), size);
                assert_eq!(end, Ok(()), "from {from}, chunks of {size}");
                assert!(body == good[usize::try_from(from).unwrap()..], "from {from}, chunks of {size}");
            }
        }
        for wrong in [0, 99_999, 199_999] {
            let mut bad = good.clone();
            bad[wrong] ^= 1;
            fs::write(&file.path, &bad).unwrap();
            for from in [0, 100_000, 199_999, 200_000] {
                let (body, end) = drain(reader(from, &file), 1000);
                let rest = 200_000 - usize::try_from(from).unwrap();
                assert_eq!(end, Err(Damaged), "byte {wrong}, from {from}");
                assert!(rest == 0 || body.len() < rest, "byte {wrong}, from {from}: all of it was handed on");
            }
        }
        let empty = body_file(&folder, b"");
        assert_eq!(drain(reader(0, &empty), 10), (Vec::new(), Ok(())));
    }

    #[test]
    fn an_empty_file_is_checked_before_the_body_ends() {
        let folder = TempDir::new().unwrap();
        let mut file = body_file(&folder, b"");
        file.sha256.0[0] ^= 1;
        let (body, end) = drain(open(&file).unwrap(), 1);
        assert_eq!(end, Err(Damaged));
        assert!(body.ends_with(b"image/jpeg\r\n\r\n"));
    }

    #[test]
    fn a_file_that_changes_its_length_while_it_is_read_is_damaged() {
        let folder = TempDir::new().unwrap();
        let good = content(3000);
        for length in [2000, 3001] {
            let file = body_file(&folder, &good);
            let mut reader = open(&file).unwrap();
            let mut chunk = vec![0; 1000];
            assert_eq!(reader.read(&mut chunk), Ok(1000));
            fs::write(&file.path, content(length)).unwrap();
            let (rest, end) = drain(reader, 1000);
            assert_eq!(end, Err(Damaged), "{length} bytes");
            assert!(1000 + rest.len() <= 3000, "{length} bytes");
        }
    }

    #[test]
    fn a_meter_tells_none_part_and_whole() {
        let meter = Meter::new(10);
        assert_eq!((meter.left(false), meter.left(true)), (Left::None, Left::None));
        assert!(meter.pass(9));
        assert_eq!(meter.left(true), Left::Part);
        assert!(meter.pass(1));
        assert_eq!((meter.left(true), meter.handed(), meter.total()), (Left::Whole, 10, 10));
    }

    #[test]
    fn an_empty_body_is_whole_once_its_request_may_have_left() {
        let meter = Meter::new(0);
        assert_eq!((meter.left(false), meter.left(true)), (Left::None, Left::Whole));
    }

    #[test]
    fn nothing_passes_a_shut_meter() {
        let meter = Meter::new(10);
        assert!(meter.pass(4));
        meter.shut();
        assert!(!meter.pass(6));
        assert_eq!((meter.left(true), meter.damaged()), (Left::Part, false));
        meter.damage();
        assert!(meter.damaged() && !meter.pass(6));
    }
}
