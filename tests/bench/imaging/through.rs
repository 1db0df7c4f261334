//! What is good enough already: `fit` beside the least that anybody could do, reading the header and copying the file.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use fieldpost_imaging::{Control, Policy, fit};
use fieldpost_tests::bench::{Bound, Figures, median};

use crate::Bench;
use crate::table::Table;

/// The most that `fit` may take, as a multiple. Where something trails the picture, as in some phones' files, the picture's end has
/// to be looked for in all of it: nearly another copy's time.
const MOST: f64 = 2.0;
/// As much as a header may take of a photo with a thumbnail and a profile.
const HEADER: usize = 64 * 1024;

pub(crate) fn bench(bench: &Bench, figures: &mut Figures) -> io::Result<()> {
    let rounds = if bench.quick { 20 } else { 200 };
    println!("\n## Passed through: median of {rounds} alternating rounds, in this process");
    let mut table = Table::new(["file", "bytes", "fit ms", "header and copy ms", "ratio", "header alone ms"]);
    let photos = bench.photos.by_size()?;
    let small = bench.dir.join("good.jpg");
    fit(&photos[0].path, &small, &Policy::default(), &Control::default()).map_err(io::Error::other)?;
    for (name, path) in [
        ("a fitted one", &small),
        (photos[0].name.as_str(), &photos[0].path),
        (photos[1].name.as_str(), &photos[1].path),
    ] {
        let bytes = fs::metadata(path)?.len();
        let policy = Policy { cap: Some(bytes), max_edge: None, ..Policy::default() };
        let (mut ours, mut theirs, mut headers) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            ours.push(fitted(path, &bench.dir, &policy)?);
            theirs.push(copied(path, &bench.dir)?);
            headers.push(header(path)?);
        }
        let (ours, theirs) = (median(&ours), median(&theirs));
        table.row([
            name.to_owned(),
            bytes.to_string(),
            format!("{:.3}", ours * 1e3),
            format!("{:.3}", theirs * 1e3),
            format!("{:.2}", ours / theirs),
            format!("{:.3}", median(&headers) * 1e3),
        ]);
        figures.add(format!("passed through, {name}: fit / header and copy"), ours / theirs, Bound::Most(MOST));
    }
    table.print("`fit` of what is good enough");
    Ok(())
}

fn fitted(path: &Path, dir: &Path, policy: &Policy) -> io::Result<Duration> {
    let out = dir.join("through.jpg");
    let begun = Instant::now();
    let fitted = fit(path, &out, policy, &Control::default()).map_err(io::Error::other)?;
    let took = begun.elapsed();
    assert!(fitted.passthrough, "{} is good enough under its own size", path.display());
    fs::remove_file(out)?;
    Ok(took)
}

/// The header, then all of it from the start, a buffer at a time, into a new file.
fn copied(path: &Path, dir: &Path) -> io::Result<Duration> {
    let out = dir.join("copy.jpg");
    let begun = Instant::now();
    let mut buffer = vec![0; HEADER];
    let mut source = File::open(path)?;
    let _ = source.read(&mut buffer)?;
    source.rewind()?;
    let mut file = File::create_new(&out)?;
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        file.write_all(&buffer[..read])?;
    }
    drop(file);
    let took = begun.elapsed();
    fs::remove_file(out)?;
    Ok(took)
}

fn header(path: &Path) -> io::Result<Duration> {
    let begun = Instant::now();
    let mut buffer = vec![0; HEADER];
    let _ = File::open(path)?.read(&mut buffer)?;
    std::hint::black_box(&buffer);
    Ok(begun.elapsed())
}
