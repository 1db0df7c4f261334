//! Ten photographs, both caps: what each tool makes of exactly the bytes that ours came to.
//!
//! No tool but ours comes to a number of bytes: their quality is a whole number, and its steps are three percent apart. So each
//! writes the best that is not larger than ours and the next, and its score at our bytes lies between the two, by the logarithm
//! of the bytes. It is given what it would have had with finer steps. Nothing is timed; photographs are looked at on every core.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fieldpost_tests::bench::{Bound, Figures};

use crate::children::{IMAGE_PAIR, ours};
use crate::measure::heard;
use crate::peers::{ALL, Job, Peer, highest};
use crate::photos::{Photo, is_progressive};
use crate::score::{References, Scorer};
use crate::table::{Table, number};
use crate::{Bench, CAPS};

/// On how many of ten photographs ours has to be above every peer, at each cap.
const ABOVE: f64 = 8.0;
/// How far above these two on the mean, at the small cap.
const LEAD: f64 = 1.0;
const LED: [Peer; 2] = [Peer::ImageMagick, Peer::Vips];

/// One photo at one cap.
#[derive(Debug, Clone)]
struct Row {
    photo: String,
    bytes: u64,
    ours: f64,
    /// In the order of the peers; `None` where a tool cannot come to these bytes.
    theirs: Vec<Option<f64>>,
}

impl Row {
    fn is_above(&self) -> bool {
        self.theirs.iter().flatten().all(|theirs| self.ours > *theirs)
    }
}

pub(crate) fn bench(bench: &Bench, figures: &mut Figures) -> io::Result<()> {
    println!("\n## Quality: SSIMULACRA2 at the bytes that ours came to");
    let Some(scorer) = &bench.scorer else {
        println!("\nnot measured: no SSIMULACRA2 is installed");
        return Ok(());
    };
    let mut photos = bench.photos.ten()?;
    if bench.quick {
        photos.truncate(3);
    }
    let peers: Vec<Peer> =
        ALL.into_iter().filter(|peer| *peer != Peer::Fieldpost && peer.version().is_some()).collect();
    let rows = all_rows(bench, scorer, &photos, &peers)?;
    for (number, cap) in CAPS.into_iter().enumerate() {
        let rows: Vec<&Row> = rows.iter().map(|of_photo| &of_photo[number]).collect();
        print(cap, &rows, &peers);
        let above = rows.iter().filter(|row| row.is_above()).count();
        let least = ABOVE * rows.len() as f64 / 10.0;
        let what = format!("{} KB: photographs of {} above every peer", cap / 1000, rows.len());
        figures.add(what, above as f64, Bound::Least(least));
        for (peer, lead) in peers.iter().zip(leads(&rows, peers.len())) {
            if cap == CAPS[1] && LED.contains(peer) {
                figures.add(format!("{} KB: mean lead over {}", cap / 1000, peer.name()), lead, Bound::Least(LEAD));
            }
        }
    }
    Ok(())
}

/// The mean by which ours is above each peer, over the photographs on which it came to the bytes.
fn leads(rows: &[&Row], peers: usize) -> Vec<f64> {
    let lead_over = |peer: usize| {
        let leads: Vec<f64> = rows.iter().filter_map(|row| Some(row.ours - row.theirs[peer]?)).collect();
        leads.iter().sum::<f64>() / leads.len() as f64
    };
    (0..peers).map(lead_over).collect()
}

fn print(cap: u64, rows: &[&Row], peers: &[Peer]) {
    let mut heads = vec!["photo".to_owned(), "bytes".to_owned(), "fieldpost".to_owned()];
    heads.extend(peers.iter().map(|peer| peer.name().to_owned()));
    heads.push("above all".to_owned());
    let mut table = Table::new(heads);
    for row in rows {
        let mut cells = vec![row.photo.clone(), row.bytes.to_string(), format!("{:.2}", row.ours)];
        cells.extend(row.theirs.iter().map(|score| number(*score, 2)));
        cells.push(if row.is_above() { "yes" } else { "no" }.to_owned());
        table.row(cells);
    }
    let mut means = vec!["ours above, mean".to_owned(), String::new(), String::new()];
    means.extend(leads(rows, peers.len()).into_iter().map(|lead| format!("{lead:+.2}")));
    table.row(means);
    table.print(&format!("to {} KB", cap / 1000));
}

/// Every photo at both caps, spread over the cores.
fn all_rows(bench: &Bench, scorer: &Scorer, photos: &[Photo], peers: &[Peer]) -> io::Result<Vec<Vec<Row>>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(vec![None; photos.len()]);
    let work = || -> io::Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(photo) = photos.get(number) else { return Ok(()) };
            let rows = rows_of(&bench.dir.join(format!("photo-{number}")), scorer, photo, peers)?;
            done.lock().expect("nobody panics while holding it: an element is replaced")[number] = Some(rows);
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get).min(4);
    std::thread::scope(|scope| {
        let working: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        working.into_iter().try_for_each(|worker| worker.join().expect("a worker's panic is the benchmark's"))
    })?;
    let done = done.into_inner().expect("nobody panicked while holding it");
    done.into_iter().map(|rows| rows.ok_or_else(|| io::Error::other("a photograph was left out"))).collect()
}

fn rows_of(dir: &Path, scorer: &Scorer, photo: &Photo, peers: &[Peer]) -> io::Result<Vec<Row>> {
    let mut references = References::of(photo, dir)?;
    let mut rows = Vec::new();
    for cap in CAPS {
        let out = dir.join("ours.jpg");
        let _ = fs::remove_file(&out);
        heard(&mut ours(photo, &out, cap)?)?;
        let file = fs::read(&out)?;
        let bytes = file.len() as u64;
        if let Some((_, row)) = rows.iter().find(|(same, _)| *same == file) {
            // At the ceiling of quality under both caps.
            rows.push((file, Row::clone(row)));
            continue;
        }
        let reference = references.for_result(&out)?;
        let raw = reference.with_extension("ppm");
        let job = Job { photo, reference: &raw, progressive: is_progressive(&file) };
        let ours = scorer.score(&reference, &out)?;
        let mut theirs = Vec::new();
        for &peer in peers {
            let around = around(peer, &job, dir, bytes)?;
            theirs.push(match around {
                Some(around) => Some(interpolated(around, bytes, &mut references, scorer)?),
                None => None,
            });
        }
        println!("- {}, {} KB: {bytes} bytes, {ours:.2}", photo.name, cap / 1000);
        rows.push((file, Row { photo: photo.name.clone(), bytes, ours, theirs }));
    }
    references.remove()?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// A tool's best file of at most so many bytes, and the next; `None` where it has none so small.
fn around(peer: Peer, job: &Job<'_>, dir: &Path, bytes: u64) -> io::Result<Option<[PathBuf; 2]>> {
    let both = ["below", "above"].map(|which| dir.join(format!("{which}.jpg")));
    if peer == Peer::Image {
        let mut child = std::process::Command::new(std::env::current_exe()?);
        heard(child.arg(IMAGE_PAIR).arg(&job.photo.path).args(&both).arg(bytes.to_string()))?;
        return Ok(Some(both));
    }
    let attempt = dir.join("attempt.jpg");
    let file = |quality: u8| {
        peer.at_quality(job, &attempt, quality)?;
        fs::read(&attempt)
    };
    let Some((quality, below)) = highest(bytes, file, |file| file.len() as u64)? else { return Ok(None) };
    fs::write(&both[0], below)?;
    peer.at_quality(job, &both[1], (quality + 1).min(100))?;
    Ok(Some(both))
}

/// What the tool's score would be at exactly these bytes.
fn interpolated(files: [PathBuf; 2], bytes: u64, references: &mut References, scorer: &Scorer) -> io::Result<f64> {
    let mut ends = [(0.0, 0.0); 2];
    for (end, file) in ends.iter_mut().zip(&files) {
        let score = scorer.score(&references.for_result(file)?, file)?;
        *end = ((fs::metadata(file)?.len() as f64).ln(), score);
    }
    let [(from, low), (to, high)] = ends;
    let part = if to > from { (((bytes as f64).ln() - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 };
    Ok(low + part * (high - low))
}
