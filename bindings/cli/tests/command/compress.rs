//! `compress`.

use std::fs;

use fieldpost_imaging::synthetic::Shot;

use super::support::{Place, keys, set};

fn photo() -> Vec<u8> {
    Shot { width: 800, height: 600, orientation: 6, place: Some((47.4, 8.5)), ..Shot::default() }.jpeg().unwrap()
}

fn names(place: &Place) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(place.folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_photo_is_made_to_fit_and_stays_as_it_is() {
    let (place, bytes) = (Place::empty(), photo());
    place.file("in.jpg", &bytes);
    place.file("out.jpg", "what was there before");
    let args = ["compress", "in.jpg", "out.jpg", "--cap", "40kB", "--max-edge", "640", "--exif", "none"];
    let said = place.json(args).ends(0).line();
    let all = ["in", "out", "bytes", "width", "height", "quality", "seconds", "passthrough"];
    assert_eq!(keys(&said), set(&all));
    let made = fs::read(place.folder.path().join("out.jpg")).unwrap();
    assert_eq!((&said["in"], &said["out"], &said["bytes"]), (&"in.jpg".into(), &"out.jpg".into(), &made.len().into()));
    assert!(made.len() <= 40_000);
    assert_eq!((&said["width"], &said["height"]), (&480.into(), &640.into()), "upright");
    assert!(said["quality"].is_u64() && said["seconds"].is_f64() && said["passthrough"] == false);
    assert_eq!(fs::read(place.folder.path().join("in.jpg")).unwrap(), bytes);
    assert_eq!(names(&place), ["in.jpg", "out.jpg"]);
}

#[test]
fn in_is_never_written_over() {
    let (place, bytes) = (Place::empty(), photo());
    let path = place.file("in.jpg", &bytes);
    for out in ["in.jpg", "./in.jpg", path.to_str().unwrap()] {
        assert_eq!(place.json(["compress", "in.jpg", out, "--cap", "20kB"]).fails(2), "usage");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&path, place.folder.path().join("link.jpg")).unwrap();
        assert_eq!(place.json(["compress", "in.jpg", "link.jpg", "--cap", "20kB"]).fails(2), "usage");
    }
    assert_eq!(fs::read(path).unwrap(), bytes);
}

#[test]
fn what_fails_leaves_nothing_and_says_why() {
    let place = Place::empty();
    place.file("in.jpg", photo());
    place.file("empty.jpg", "");
    place.file("note.jpg", "no picture at all");
    place.file("half.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    let fails = |from: &str, out: &str, cap: &str| place.json(["compress", from, out, "--cap", cap]).fails(1);
    assert_eq!(fails("missing.jpg", "out.jpg", "1MB"), "cannot_read");
    assert_eq!(fails(".", "out.jpg", "1MB"), "cannot_read");
    assert_eq!(fails("empty.jpg", "out.jpg", "1MB"), "not_decodable");
    assert_eq!(fails("note.jpg", "out.jpg", "1MB"), "not_decodable");
    assert_eq!(fails("half.heic", "out.jpg", "1MB"), "unsupported_format");
    assert_eq!(fails("in.jpg", "out.jpg", "100B"), "cap_not_met");
    assert_eq!(fails("in.jpg", "nowhere/out.jpg", "1MB"), "cannot_write");
    assert_eq!(place.json(["compress", "in.jpg", ".", "--cap", "1MB"]).fails(2), "usage");
    assert_eq!(place.json(["compress", "in.jpg", "out.jpg"]).fails(2), "usage");
    assert_eq!(names(&place), ["empty.jpg", "half.heic", "in.jpg", "note.jpg"]);
}
