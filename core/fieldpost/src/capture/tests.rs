use std::fs;
use std::io::Read;

use super::*;
use crate::disk::{Disk, OsDisk};
use crate::model::{Original, Sha256};

const AT: Timestamp = Timestamp::from_millis(1_795_255_200_000);

fn manifest(capture: impl Into<Capture>, head: &[u8]) -> Manifest {
    let taken = Taken { original: Original { bytes: Bytes(1), sha256: Sha256([0; 32]) }, head: head.to_vec() };
    let id = ItemId::new(AT, [0xAB; 10]);
    capture.into().manifest(id, AT, &WorkOrder::new("acme", "10234"), &taken)
}

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE1";

#[test]
fn a_photo_without_a_cap_is_fitted_under_a_megabyte_and_2560_pixels() {
    let table = [
        (Photo::new("x"), Some((1_000_000, Some(2560)))),
        (Photo::new("x").max_edge(1600), Some((1_000_000, Some(1600)))),
        (Photo::new("x").cap(Bytes::kilobytes(500)), Some((500_000, Some(2560)))),
        (Photo::new("x").cap(Bytes::megabytes(5)).max_edge(4000), Some((5_000_000, Some(4000)))),
        (Photo::new("x").cap_original(), None),
        (Photo::new("x").cap_original().max_edge(1600), None),
        (Photo::new("x").cap_original().cap(Bytes::kilobytes(500)), Some((500_000, Some(2560)))),
    ];
    for (photo, fit) in table {
        let shown = format!("{photo:?}");
        let fit = fit.map(|(cap, max_edge)| Fit { cap: Bytes(cap), max_edge, ..Fit::AS_IT_IS });
        assert_eq!(manifest(photo, JPEG).fit, fit, "{shown}");
    }
    assert_eq!(manifest(Document::new("x.jpg"), JPEG).fit, None);
}

#[test]
fn what_is_to_become_of_metadata_and_colours_is_on_record_only_where_it_was_asked_for() {
    let fit = |photo: Photo| serde_json::to_value(manifest(photo, JPEG).fit).unwrap();
    assert_eq!(fit(Photo::new("x")), serde_json::json!({ "cap": 1_000_000, "max_edge": 2560 }));
    let picky = Photo::new("x").exif(ExifPolicy::NoLocation).profile(ProfilePolicy::Srgb);
    let asked = serde_json::json!({ "cap": 1_000_000, "max_edge": 2560, "exif": "no_location", "profile": "srgb" });
    assert_eq!(fit(picky.clone()), asked);
    assert_eq!(fit(picky.cap_original())["exif"], "no_location", "as it is, but without the location");
}

#[test]
fn the_name_that_is_sent_is_stem_marker_and_the_contents_extension() {
    let table: [(Capture, &[u8], &str); 8] = [
        (Photo::new("/sdcard/IMG_7.jpeg").into(), JPEG, "IMG_7-abababab.jpeg"),
        (Photo::new("/sdcard/IMG_7.png").into(), JPEG, "IMG_7-abababab.jpg"),
        (Photo::new("/sdcard/IMG_7.jpg").name("Boiler plate").into(), JPEG, "Boiler plate-abababab.jpg"),
        (Photo::new("/sdcard/IMG_7.jpg").name("..").into(), JPEG, "photo-abababab.jpg"),
        (Document::new("/x/drawing.dwg").into(), b"\0\x01", "drawing-abababab.dwg"),
        (Document::new("/x/unknown").into(), b"\0\x01", "unknown-abababab"),
        (Text::new("note").into(), b"note", "text-abababab.txt"),
        (Signature::png("s.png").name("../../x\0.jpg").into(), b"\x89PNG\r\n\x1A\n", "x-abababab.png"),
    ];
    for (capture, head, name) in table {
        assert_eq!(manifest(capture, head).target.name(), name);
    }
}

#[test]
fn every_option_reaches_the_manifest() {
    let first = ItemId::new(AT, [1; 10]);
    let requires = Requires { unmetered: true, charging: false };
    let document = Document::new("x.pdf").caption("c").tag("a").tag("b").folder("Misc").priority(-3).after(first);
    let facts = manifest(document.key("k").requires(requires).set("visibility", "Public"), b"%PDF-1.7");
    assert_eq!(
        (facts.caption.as_deref(), facts.tags.as_slice()),
        (Some("c"), ["a".to_owned(), "b".to_owned()].as_slice())
    );
    assert_eq!((facts.target.folder.as_deref(), facts.priority, facts.after), (Some("Misc"), -3, Some(first)));
    assert_eq!((facts.key.as_deref(), facts.requires), (Some("k"), requires));
    assert_eq!(facts.target.settings["visibility"], "Public");
    assert_eq!((facts.mime.as_str(), facts.target.account.as_str()), ("application/pdf", "acme"));
    assert_eq!(manifest(Signature::png("s.png"), JPEG).priority, 10, "a signature goes first");
}

#[test]
fn a_manifest_reads_back_as_it_was_written() {
    let facts = manifest(Photo::new("x.jpg").tag("before").set("a", "b"), JPEG);
    let json = serde_json::to_vec(&facts).unwrap();
    assert_eq!(serde_json::from_slice::<Manifest>(&json).unwrap(), facts);
}

#[test]
fn what_is_no_readable_file_is_refused_by_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let open = |path: PathBuf| Source::file(path, false).open(&OsDisk).err().unwrap();
    assert!(matches!(open(dir.path().join("none.jpg")), SourceError::Missing(_)));
    assert!(matches!(open(dir.path().to_owned()), SourceError::Folder(_)));
    assert!(matches!(open("".into()), SourceError::Missing(_)));
    assert!(matches!(open("nul\0byte".into()), SourceError::Unreadable { .. }));
    #[cfg(unix)]
    assert!(matches!(open("/dev/null".into()), SourceError::Unreadable { .. }), "a device may never end");
}

#[test]
fn the_callers_file_goes_only_when_it_asked_for_a_move() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.jpg");
    fs::write(&path, "x").unwrap();
    for (photo, stays) in [(Photo::new(&path), true), (Photo::new(&path).move_source(), false)] {
        let capture = Capture::from(photo);
        let mut read = String::new();
        capture.source().open(&OsDisk).unwrap().read_to_string(&mut read).unwrap();
        capture.source().remove_if_asked(&OsDisk).unwrap();
        assert_eq!((read.as_str(), OsDisk.len(&path).is_ok()), ("x", stays));
    }
}

#[test]
fn a_captured_text_is_not_shown_by_debug() {
    let shown = format!("{:?}", Capture::from(Text::new("the door code is 1234")));
    assert!(!shown.contains("1234") && shown.contains("21 bytes"), "{shown}");
}
