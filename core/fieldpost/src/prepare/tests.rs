use std::fs;
use std::io::{Cursor, ErrorKind};
use std::sync::Arc;

use fieldpost_imaging::{ExifPolicy, ProfilePolicy};
use tempfile::TempDir;

use super::*;
use crate::capture::{Capture, Document, Photo};
use crate::disk::faulty::{Fault, FaultyDisk};
use crate::model::{ItemId, Timestamp, WorkOrder};
use crate::store::records::Line;

const AT: Timestamp = Timestamp::from_millis(1_795_255_200_000);

struct Phone {
    _dir: TempDir,
    disk: FaultyDisk,
    folders: Folders,
    manifest: Manifest,
}

fn captured(capture: impl Into<Capture>, content: &[u8]) -> Phone {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new(dir.path(), Fault::None);
    let folders = Folders::open(Arc::new(disk.clone()), dir.path()).unwrap();
    let id = ItemId::new(AT, [7; 10]);
    let mut admission = folders.admit(id).unwrap();
    let taken = admission.take(&mut Cursor::new(content)).unwrap();
    let manifest = capture.into().manifest(id, AT, &WorkOrder::new("acme", "10234"), &taken);
    admission.seal(&manifest).unwrap().done();
    disk.set(Fault::None);
    Phone { _dir: dir, disk, folders, manifest }
}

impl Phone {
    fn job(&self) -> Job {
        let (folders, manifest) = (Arc::new(self.folders.clone()), self.manifest.clone());
        let original = self.original();
        Job { folders, fit: manifest.fit, manifest, original, memory: fieldpost_imaging::DEFAULT_MEMORY }
    }

    fn original(&self) -> Original {
        self.manifest.original.unwrap()
    }

    fn prepare(&self) -> Result<Made, Unprepared> {
        self.job().run()
    }

    fn reason(&self) -> Reason {
        match self.prepare() {
            Err(Unprepared { reason, .. }) => reason,
            Ok(made) => panic!("{made:?}"),
        }
    }

    fn files(&self) -> Vec<String> {
        let mut files = self.folders.files(self.manifest.id).unwrap();
        files.sort();
        files
    }
}

const UNTOUCHED: [&str; 3] = ["journal.jsonl", "manifest.json", "original"];

/// A picture that any decoder reads: 24 bits a pixel, bottom row first, rows padded to four bytes.
pub(crate) fn bitmap(width: u32, height: u32) -> Vec<u8> {
    let row = (width * 3).next_multiple_of(4);
    let mut file = b"BM".to_vec();
    for n in [54 + row * height, 0, 54, 40, width, height, 0x0018_0001, 0, row * height, 0, 0, 0, 0] {
        file.extend(n.to_le_bytes());
    }
    for y in 0..height {
        let mut pixels: Vec<u8> = (0..width).flat_map(|x| [x as u8, (y * 3) as u8, (x * y / 7) as u8]).collect();
        pixels.resize(row as usize, 0);
        file.extend(pixels);
    }
    file
}

#[test]
fn a_photo_is_made_to_fit_and_what_is_said_of_it_is_true() {
    let phone = captured(Photo::new("x.bmp").cap(Bytes::kilobytes(60)).max_edge(400), &bitmap(900, 600));
    let prepared = phone.prepare().unwrap();
    assert_eq!((prepared.mime.as_str(), prepared.extension.as_str()), ("image/jpeg", "jpg"));
    assert_eq!(prepared.body.file, "body-1.jpg");
    assert_eq!((prepared.body.sent.width, prepared.body.sent.height), (Some(400), Some(267)));
    assert!(prepared.body.sent.bytes <= Bytes::kilobytes(60));
    assert!(prepared.flags.is_empty());
    let facts = phone.folders.hash_file(phone.manifest.id, &prepared.body.file).unwrap();
    assert_eq!((facts.bytes, facts.sha256), (prepared.body.sent.bytes, prepared.body.sent.sha256));
    assert_eq!(phone.files(), ["body-1.jpg", "journal.jsonl", "manifest.json", "original"]);
    let item = format!("items/{}", phone.manifest.id);
    let log = phone.disk.log();
    let last = [format!("sync {item}/body-1.new"), format!("rename {item}/body-1.jpg"), format!("sync_dir {item}")];
    assert!(log.ends_with(&last), "{log:?}");
}

/// A picture that fits: a PNG, for there is little in it.
fn picture() -> Vec<u8> {
    let phone = captured(Photo::new("x.bmp").max_edge(300), &bitmap(300, 200));
    let prepared = phone.prepare().unwrap();
    fs::read(phone.folders.file(phone.manifest.id, &prepared.body.file)).unwrap()
}

#[test]
fn a_photo_that_fits_is_sent_without_the_metadata_that_are_not_to_go_and_its_picture_untouched() {
    let plain = picture();
    let place = b"\0\0\0\x0CtEXtComment\0here\x3E\x05\xD2\x7D";
    let (before, end) = plain.split_at(plain.len() - 12);
    let photo = [before, place, end].concat();
    let bounds: [fn(Photo) -> Photo; 2] = [|photo| photo, Photo::cap_original];
    for bound in bounds {
        let phone = captured(bound(Photo::new("x.png")), &photo);
        assert_eq!(phone.prepare().unwrap().body.file, ORIGINAL);
        let phone = captured(bound(Photo::new("x.png").exif(ExifPolicy::NoLocation)), &photo);
        let prepared = phone.prepare().unwrap();
        let sent = fs::read(phone.folders.file(phone.manifest.id, &prepared.body.file)).unwrap();
        assert!(sent == plain, "{} bytes of {}", sent.len(), photo.len());
        assert_eq!(fs::read(phone.folders.file(phone.manifest.id, ORIGINAL)).unwrap(), photo, "the original keeps all");
    }
}

#[test]
fn a_photo_that_nobody_here_decodes_does_not_go_with_metadata_that_are_not_to_go() {
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1";
    assert_eq!(captured(Photo::new("x.heic"), heic).prepare().unwrap().body.file, ORIGINAL);
    assert_eq!(captured(Photo::new("x.heic").exif(ExifPolicy::NoLocation), heic).reason(), Reason::NotDecodable);
    assert_eq!(captured(Photo::new("x.heic").profile(ProfilePolicy::Srgb), heic).reason(), Reason::NotDecodable);
}

#[test]
fn a_photo_that_fits_already_is_sent_as_it_is() {
    let picture = picture();
    let phone = captured(Photo::new("x.png"), &picture);
    let prepared = phone.prepare().unwrap();
    assert_eq!(prepared.body.file, ORIGINAL);
    assert_eq!(
        (prepared.body.sent.bytes, prepared.body.sent.sha256),
        (phone.original().bytes, phone.original().sha256)
    );
    assert_eq!((prepared.body.sent.width, prepared.body.sent.height), (Some(300), Some(200)));
    assert_eq!(phone.files(), UNTOUCHED, "no second copy of it");
}

#[test]
fn what_is_not_to_be_fitted_is_its_own_body() {
    let photo = captured(Photo::new("x.bmp").cap_original(), &bitmap(30, 20));
    let document = captured(Document::new("empty.pdf"), b"");
    for phone in [photo, document] {
        let prepared = phone.prepare().unwrap();
        assert_eq!((prepared.body.file.as_str(), &prepared.mime), (ORIGINAL, &phone.manifest.mime));
        assert_eq!(prepared.body.sent.sha256, phone.original().sha256);
        assert_eq!(phone.disk.steps(), 0, "nothing is written");
    }
}

#[test]
fn a_photo_that_cannot_be_prepared_says_why_and_leaves_nothing_behind() {
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".repeat(4000);
    let bomb = {
        let mut file = bitmap(2, 2);
        file[18..22].copy_from_slice(&30_000_u32.to_le_bytes());
        file[22..26].copy_from_slice(&30_000_u32.to_le_bytes());
        file
    };
    let table: [(&[u8], Bytes, Reason); 6] = [
        (b"", Bytes::megabytes(1), Reason::NotDecodable),
        (b"no picture", Bytes::megabytes(1), Reason::NotDecodable),
        (b"\xFF\xD8\xFF\xE0", Bytes::megabytes(1), Reason::NotDecodable),
        (&bitmap(900, 600), Bytes(100), Reason::CapNotMet),
        (&heic, Bytes::kilobytes(50), Reason::CapNotMet),
        (&bomb, Bytes::megabytes(1), Reason::MemoryLimit),
    ];
    for (content, cap, reason) in table {
        let phone = captured(Photo::new("x.jpg").cap(cap), content);
        assert_eq!(phone.reason(), reason, "{} bytes", content.len());
        assert_eq!(phone.files(), UNTOUCHED);
        assert_eq!(phone.disk.open_handles(), 0);
    }
}

#[test]
fn a_format_that_is_not_decoded_goes_untouched_where_it_needs_not_shrink() {
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    let phone = captured(Photo::new("x.heic"), heic);
    let prepared = phone.prepare().unwrap();
    assert_eq!((prepared.body.file.as_str(), prepared.mime.as_str()), (ORIGINAL, "image/heic"));
    assert_eq!(phone.files(), UNTOUCHED);
}

#[test]
fn a_full_or_broken_disk_at_any_step_blocks_with_its_reason_and_the_next_try_succeeds() {
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        for n in 1.. {
            let phone = captured(Photo::new("x.bmp").max_edge(40), &bitmap(90, 60));
            phone.disk.set(Fault::Nth(n, kind));
            match phone.prepare() {
                Ok(_) => {
                    assert_eq!(n, phone.disk.steps() + 1, "only where nothing failed");
                    break;
                }
                Err(Unprepared { reason, .. }) => assert_eq!(reason, Reason::DiskFull, "step {n}"),
            }
            phone.disk.set(Fault::None);
            let prepared = phone.prepare().unwrap();
            assert_eq!(phone.files(), [&[prepared.body.file.as_str()], &UNTOUCHED[..]].concat(), "step {n}");
        }
    }
}

#[test]
fn a_kill_at_any_step_leaves_the_item_to_be_prepared_again() {
    for n in 1.. {
        let phone = captured(Photo::new("x.bmp").max_edge(40), &bitmap(90, 60));
        phone.disk.set(Fault::Die(n));
        let killed = phone.prepare();
        assert_eq!(phone.disk.open_handles(), 0);
        let survived = phone.disk.steps() < n;
        phone.disk.set(Fault::None);
        let prepared = phone.prepare().unwrap();
        let facts = phone.folders.hash_file(phone.manifest.id, &prepared.body.file).unwrap();
        assert_eq!(facts.sha256, prepared.body.sent.sha256);
        assert_eq!(phone.files(), [&[prepared.body.file.as_str()], &UNTOUCHED[..]].concat(), "killed at step {n}");
        if survived {
            assert_eq!(killed.unwrap(), prepared);
            break;
        }
    }
}

#[test]
fn an_original_that_was_altered_or_lost_is_not_made_a_photo_of() {
    let phone = captured(Photo::new("x.bmp"), &bitmap(90, 60));
    let original = phone.folders.file(phone.manifest.id, ORIGINAL);
    fs::write(&original, bitmap(90, 61)).unwrap();
    assert_eq!(phone.reason(), Reason::FileDamaged);
    fs::remove_file(&original).unwrap();
    assert_eq!(phone.reason(), Reason::FileDamaged);
}

#[test]
fn the_memory_is_bounded_before_anything_is_decoded() {
    let phone = captured(Photo::new("x.bmp").max_edge(400), &bitmap(900, 600));
    let refused = Job { memory: 100_000, ..phone.job() }.run().unwrap_err();
    assert_eq!(refused.reason, Reason::MemoryLimit);
    assert_eq!(phone.files(), UNTOUCHED);
}

#[test]
fn a_body_on_record_is_never_written_again_and_one_that_nobody_knew_of_goes() {
    let phone = captured(Photo::new("x.bmp").max_edge(40), &bitmap(90, 60));
    let first = phone.prepare().unwrap();
    fs::write(phone.folders.file(phone.manifest.id, "body-1.tif"), "left by a kill").unwrap();
    let again = phone.prepare().unwrap();
    assert_eq!(again, first, "nobody knew of it yet");
    assert_eq!(phone.files(), [&["body-1.png"], &UNTOUCHED[..]].concat());
    let Made { body, mime, extension, flags } = first;
    let entry = Entry::Prepared { body: body.file, sent: body.sent, mime, extension, flags };
    phone.folders.append(phone.manifest.id, &Line { at: AT, entry }).unwrap();
    let repaired =
        Job { fit: Some(Fit { cap: Bytes::megabytes(1), max_edge: Some(30), ..Fit::AS_IT_IS }), ..phone.job() }
            .run()
            .unwrap();
    assert_eq!(repaired.body.file, "body-2.png");
    assert_eq!(phone.files(), [&["body-1.png", "body-2.png"], &UNTOUCHED[..]].concat());
}
