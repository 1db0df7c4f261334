//! `compress`.

use std::fs;
use std::path::Path;

use fieldpost_imaging::synthetic::Shot;

use serde_json::Value;

use super::support::{Place, Ran, keys, set};

fn photo() -> Vec<u8> {
    Shot { width: 800, height: 600, orientation: 6, place: Some((47.4, 8.5)), ..Shot::default() }.jpeg().unwrap()
}

fn names(place: &Place) -> Vec<String> {
    names_in(place.folder.path())
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A picture that is no JPEG: a BMP of one colour.
fn bitmap() -> Vec<u8> {
    let (width, height) = (64u32, 48u32);
    let pixels = width * height * 3;
    let mut file = b"BM".to_vec();
    let head = [54 + pixels, 0, 54, 40, width, height, 0x0018_0001, 0, pixels, 0, 0, 0, 0];
    file.extend(head.iter().flat_map(|word| word.to_le_bytes()));
    file.resize(file.len() + pixels as usize, 0x7f);
    file
}

/// The errors that a script is told on stderr.
fn errors(ran: &Ran) -> Vec<Value> {
    ran.err.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

#[test]
fn a_photo_is_made_to_fit_and_stays_as_it_is() {
    let (place, bytes) = (Place::empty(), photo());
    place.file("in.jpg", &bytes);
    place.file("out.jpg", "what was there before");
    let args =
        ["compress", "in.jpg", "out.jpg", "--cap", "40kB", "--max-edge", "640", "--exif", "none", "--profile", "srgb"];
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

#[test]
fn several_photos_land_in_a_folder_under_their_own_names() {
    let place = Place::empty();
    let files = [("one.JPG", photo()), ("two.jpeg", photo()), ("three.bmp", bitmap()), ("cellar.2", photo())];
    let names_given = files.each_ref().map(|(name, _)| *name);
    for (name, bytes) in &files {
        place.file(name, bytes);
    }
    for (folder, threads) in [("new/deep/", "1"), ("there", "3")] {
        fs::create_dir_all(place.folder.path().join("there")).unwrap();
        let args = names_given.iter().copied().chain([folder, "--cap", "40kB", "--threads", threads]);
        let lines = place.json(["compress"].into_iter().chain(args)).ends(0).lines();
        let (done, lines) = lines.split_last().unwrap();
        let given: Vec<&str> = lines.iter().map(|line| line["in"].as_str().unwrap()).collect();
        assert_eq!(given, names_given, "in the order that they were given in");
        for line in lines {
            let made = fs::read(place.folder.path().join(line["out"].as_str().unwrap())).unwrap();
            assert_eq!(line["bytes"], made.len());
        }
        assert_eq!(names_in(&place.folder.path().join(folder)), ["cellar.2.jpg", "one.JPG", "three.png", "two.jpeg"]);
        assert_eq!(keys(done), set(&["event", "files", "failed", "passthrough", "before", "after", "seconds"]));
        let before: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
        let after: u64 = lines.iter().map(|line| line["bytes"].as_u64().unwrap()).sum();
        assert_eq!((&done["event"], &done["files"], &done["failed"]), (&"done".into(), &4.into(), &0.into()));
        assert_eq!((&done["before"], &done["after"]), (&before.into(), &after.into()));
    }
    for (name, bytes) in files {
        assert_eq!(fs::read(place.folder.path().join(name)).unwrap(), bytes, "{name} stays as it is");
    }
}

#[test]
fn a_broken_photo_does_not_stop_the_others() {
    let place = Place::empty();
    place.file("a.jpg", photo());
    place.file("broken.jpg", "no picture at all");
    place.file("small.png", b"\x89PNG\r\n\x1a\n");
    place.file("z.jpg", photo());
    let args = ["compress", "a.jpg", "broken.jpg", "gone.jpg", "small.png", "z.jpg", "out/", "--cap", "1MB"];
    let ran = place.json(args).ends(1);
    let lines = ran.lines();
    let (done, lines) = lines.split_last().unwrap();
    assert_eq!(lines.iter().map(|line| &line["in"]).collect::<Vec<_>>(), ["a.jpg", "z.jpg"]);
    assert_eq!((&done["files"], &done["failed"]), (&5.into(), &3.into()));
    let errors = errors(&ran);
    let told: Vec<_> = errors.iter().map(|e| (e["in"].as_str().unwrap(), e["error"].as_str().unwrap())).collect();
    let expected = [("broken.jpg", "not_decodable"), ("gone.jpg", "cannot_read"), ("small.png", "not_decodable")];
    assert_eq!(told, expected);
    for error in &errors {
        assert_eq!(keys(error), set(&["in", "error", "message", "help"]));
        assert!(error["message"].as_str().unwrap().contains(error["in"].as_str().unwrap()), "{error}");
    }
    assert_eq!(names_in(&place.folder.path().join("out")), ["a.jpg", "z.jpg"]);

    let ran = place.run(args).ends(1);
    assert_eq!((ran.out.lines().count(), ran.err.lines().count()), (3, 3), "{}{}", ran.out, ran.err);
    assert!(ran.out.lines().last().unwrap().starts_with("5 photos, 3 failed  "), "{}", ran.out);
}

#[test]
fn a_summary_says_what_was_saved_and_what_was_good_already() {
    let place = Place::empty();
    place.file("turned.jpg", photo());
    place.file("small.jpg", Shot { width: 320, height: 240, orientation: 1, ..Shot::default() }.jpeg().unwrap());
    let ran = place.run(["compress", "turned.jpg", "small.jpg", "out/", "--cap", "60kB"]).ends(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].contains("600 x 800, quality ") && lines[1].contains("320 x 240, as it was"), "{}", ran.out);
    assert!(lines[2].starts_with("2 photos, 1 as before  ") && lines[2].contains(" % saved"), "{}", ran.out);
    let alone = place.run(["compress", "small.jpg", "out/", "--cap", "60kB"]).ends(0);
    assert_eq!(alone.out.lines().count(), 1, "one needs no summary: {}", alone.out);
}

#[test]
fn names_that_would_meet_are_refused_before_anything_is_done() {
    let place = Place::empty();
    let path = place.file("a.jpg", photo());
    fs::create_dir(place.folder.path().join("sub")).unwrap();
    place.file("sub/a.jpg", photo());
    place.file("b.png", "not looked at for its name");
    place.file("sub/c.bmp", bitmap());
    place.file("c.jpg", photo());
    let refused = |args: &[&str], says: &str| {
        let ran = place.json(["compress"].iter().chain(args).chain(&["--cap", "20kB"])).ends(2);
        let error = ran.error();
        assert_eq!(error["error"], "usage");
        assert!(error["message"].as_str().unwrap().contains(says), "{args:?}: {error}");
    };
    refused(&["a.jpg", "sub/a.jpg", "out/"], "both");
    refused(&["a.jpg", "./a.jpg", "out/"], "both");
    refused(&["sub/c.bmp", "c.jpg", "out/"], "both"); // the bitmap could become a JPEG
    refused(&["c.jpg", "a.jpg", "."], "stay");
    refused(&["sub/a.jpg", "a.jpg", "sub"], "stay");
    refused(&["a.jpg", "."], "stay");
    refused(&["a.jpg", "c.jpg", "b.png"], "none");
    refused(&["a.jpg", "c.jpg", "nowhere"], "none");
    assert!(!place.folder.path().join("out").exists(), "nothing is done");
    assert_eq!(fs::read(path).unwrap(), photo());
}

#[test]
#[cfg(unix)]
fn what_a_disk_takes_for_the_same_place_is_not_written_over() {
    let place = Place::empty();
    place.file("a.jpg", photo());
    place.file("b.jpg", photo());
    fs::create_dir(place.folder.path().join("out")).unwrap();
    // As on a disk that knows no upper and lower case: what b becomes is found where a is.
    std::os::unix::fs::symlink("a.jpg", place.folder.path().join("out/b.jpg")).unwrap();
    let ran = place.json(["compress", "a.jpg", "b.jpg", "out", "--cap", "40kB"]).ends(1);
    assert_eq!(errors(&ran)[0]["error"], "name_taken");
    let kept = fs::read(place.folder.path().join("out/a.jpg")).unwrap();
    assert_eq!(ran.lines()[0]["bytes"], kept.len());
    assert_eq!(names_in(&place.folder.path().join("out")), ["a.jpg", "b.jpg"]);
}

#[test]
fn bounds_of_quality_edge_and_memory_are_kept() {
    let place = Place::empty();
    place.file("in.jpg", photo());
    let with = |args: &[&str]| place.json(["compress", "in.jpg", "out.jpg"].iter().chain(args));
    let made = with(&["--cap", "1MB", "--quality", "30..60"]).ends(0).line();
    assert_eq!(made["quality"], 60, "the ceiling, and no more for the room that is left");
    let error = with(&["--cap", "9kB", "--min-edge", "800", "--quality", "85..90"]).ends(1).error();
    assert_eq!(error["error"], "cap_not_met");
    assert!(error["message"].as_str().unwrap().contains("is the smallest"), "{error}");
    assert_eq!(with(&["--cap", "9kB", "--min-edge", "64", "--quality", "20..90"]).ends(0).code, 0);
    assert_eq!(with(&["--cap", "1MB", "--memory", "10kB"]).fails(1), "memory_limit");
    for bad in
        [["--quality", "90..30"], ["--quality", "0..9"], ["--min-edge", "0"], ["--threads", "0"], ["--threads", "65"]]
    {
        assert_eq!(with(&["--cap", "1MB"].into_iter().chain(bad).collect::<Vec<_>>()).fails(2), "usage", "{bad:?}");
    }
}

#[test]
#[cfg(unix)]
fn a_stopped_run_leaves_whole_results_and_nothing_else() {
    use std::process::{Command, Stdio};

    let (place, bytes) = (Place::empty(), Shot { width: 2400, height: 1800, ..Shot::default() }.jpeg().unwrap());
    let given: Vec<String> = (0..60).map(|n| format!("{n:02}.jpg")).collect();
    given.iter().for_each(|name| drop(place.file(name, &bytes)));
    let mut command = place.command(["compress", "--json", "--cap", "100kB"]);
    let mut child = command.args(&given).arg("out/").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let out = place.folder.path().join("out");
    while !out.join("01.jpg").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before its second photo");
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ran = Ran::of(&child.wait_with_output().unwrap()).ends(1);
    let lines = ran.lines();
    let (done, lines) = lines.split_last().unwrap();
    assert_eq!((&done["event"], &done["files"]), (&"done".into(), &lines.len().into()));
    assert!(lines.len() < given.len(), "it was stopped in time");
    assert_eq!(errors(&ran)[0]["error"], "interrupted");
    assert_eq!(names_in(&out), given[..lines.len()]);
}

/// The attributes of that name in a page.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    page.split(&format!(" {name}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn a_compare_page_links_to_both_files_and_says_what_became_of_each() {
    let place = Place::empty();
    place.file("turned.jpg", photo());
    place.file("small.jpg", Shot { width: 320, height: 240, orientation: 1, ..Shot::default() }.jpeg().unwrap());
    place.file("broken.jpg", "no picture at all");
    fs::create_dir(place.folder.path().join("look")).unwrap();
    let args = ["compress", "turned.jpg", "small.jpg", "broken.jpg", "new out/", "--cap", "60kB"];
    let mut command = place.command(args.iter().chain(&["--json", "--compare", "look/page.html"]));
    let ran = Ran::of(&command.env("PATH", place.folder.path()).output().unwrap()).ends(1); // no tool is in there
    assert_eq!(ran.lines().len(), 3, "what scripts read is the same with a page");
    let page = fs::read_to_string(place.folder.path().join("look/page.html")).unwrap();
    let links: Vec<&str> = attributes(&page, "href").into_iter().filter(|link| link.contains("jpg")).collect();
    assert_eq!(links, ["../turned.jpg", "../new%20out/turned.jpg", "../small.jpg", "../new%20out/small.jpg"]);
    assert_eq!(
        (attributes(&page, "data-width"), attributes(&page, "data-height")),
        (vec!["600", "320"], vec!["800", "240"])
    );
    assert!(attributes(&page, "data-about")[0].ends_with(" kB, 600 × 800"), "upright, as it is seen");
    assert!(page.contains("<b>broken.jpg</b> not decodable") && page.contains("the same file"));
    assert!(page.contains("ssimulacra2_rs"), "how to get a score");
    assert_eq!(names_in(&place.folder.path().join("look")), ["page.html"]);

    place.json(["compress", "turned.jpg", "out.jpg", "--cap", "60kB", "--compare", "page.html"]).ends(0).line();
    assert!(fs::read_to_string(place.folder.path().join("page.html")).unwrap().contains("<h1>turned.jpg under 60 kB"));
}

#[test]
#[cfg(unix)]
fn a_hostile_name_is_only_text_in_a_compare_page() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let place = Place::empty();
    let names = [
        &b"\"><img src=x onerror=alert(1)>'&amp;\xe2\x80\xaegpj.jpg"[..],
        b"</script><script>alert(2)</script>.jpg",
        b"\xff?#%41.jpg",
    ];
    let mut command = place.command(["compress", "--cap", "60kB", "--compare", "page.html"]);
    for name in names {
        // A slash is the one character that no name has.
        let name: Vec<u8> = name.iter().map(|byte| if *byte == b'/' { b'\\' } else { *byte }).collect();
        let path = place.folder.path().join(OsStr::from_bytes(&name));
        fs::write(&path, photo()).unwrap();
        command.arg(path);
    }
    let broken = place.file("<i>broken<i>.jpg", "no picture at all");
    let ran = Ran::of(&command.arg(broken).arg("<u>out/").output().unwrap()).ends(1);
    assert!(!ran.out.contains(['\u{202e}', '\u{1b}']), "{}", ran.out);
    let page = fs::read_to_string(place.folder.path().join("page.html")).unwrap();
    for harmful in ["<img src=x", "<script>alert", "<i>", "<u>", "\u{202e}", "onerror=alert(1)>"] {
        assert!(!page.contains(harmful), "{harmful:?}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    let links = attributes(&page, "href");
    for link in links.iter().filter(|link| !link.starts_with('#')) {
        assert!(link.bytes().all(|b| b.is_ascii_alphanumeric() || b"/%-._~".contains(&b)), "{link}");
    }
    assert!(links.contains(&"%FF%3F%23%2541.jpg") && links.contains(&"%3Cu%3Eout/%FF%3F%23%2541.jpg"), "{links:?}");
}

#[test]
fn a_page_takes_no_place_but_its_own() {
    let place = Place::empty();
    place.file("in.jpg", photo());
    place.file("in.html", photo());
    let page = |args: &[&str], page: &str| {
        place.json(["compress"].iter().chain(args).chain(&["--cap", "40kB", "--compare", page]))
    };
    for (args, at) in [
        (&["in.jpg", "out.jpg"][..], "page.jpg"),
        (&["in.jpg", "out.jpg"], "out.jpg"),
        (&["in.html", "out.jpg"], "in.html"),
        (&["in.jpg", "out.html"], "./out.html"),
    ] {
        assert_eq!(page(args, at).fails(2), "usage", "{args:?} {at}");
    }
    assert_eq!(page(&["in.jpg", "out.jpg"], "nowhere/page.html").fails(1), "cannot_write");
    assert_eq!(names(&place), ["in.html", "in.jpg"], "told before anything is done");
}

#[test]
#[cfg(unix)]
fn a_score_comes_from_the_tool_that_is_there() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::empty();
    place.file("in.jpg", photo());
    let scored = |name: &str, script: &str| {
        let tools = place.folder.path().join(name);
        fs::create_dir_all(&tools).unwrap();
        fs::write(tools.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(tools.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        let args = ["compress", "in.jpg", "out.jpg", "--cap", "40kB", "--compare", "page.html"];
        Ran::of(&place.command(args).env("PATH", format!("{}:/bin:/usr/bin", tools.display())).output().unwrap())
            .ends(0);
        fs::read_to_string(place.folder.path().join("page.html")).unwrap()
    };
    // Both pictures are there, are PNG files, and differ.
    let looks = "for file do head -c 8 \"$file\" | grep -q PNG || exit 1; done; cmp -s \"$1\" \"$2\" && exit 1";
    let page = scored("ssimulacra2", &format!("{looks}; echo 81.2345"));
    assert!(page.contains(">81.2</td>") && page.contains("<code>ssimulacra2</code>"));
    let page = scored("ssimulacra2_rs", &format!("[ $1 = image ] && shift; {looks}; echo Score: 79.96"));
    assert!(page.contains(">80.0</td>") && page.contains("<code>ssimulacra2_rs</code>"));
    assert!(scored("ssimulacra2", "echo 81.2345; exit 1").contains(">failed</span>"));
}
