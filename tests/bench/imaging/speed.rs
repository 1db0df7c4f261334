//! 12, 48 and 108 megapixels to both caps: how long, how much memory, how much of the cap, how good.
//!
//! Rounds alternate between the tools, and of each tool's rounds the fastest counts: what else the machine does only ever adds.

use std::fs;
use std::io;
use std::path::PathBuf;

use fieldpost_tests::bench::{Bound, Figures};

use crate::children::alone;
use crate::measure::Cost;
use crate::peers::{ALL, Peer};
use crate::photos::Photo;
use crate::score::References;
use crate::table::{EMPTY, Table, megabytes, number};
use crate::{Bench, CAPS};

/// Wall time over vipsthumbnail's, by the photo's name.
const WALL: [(&str, f64); 2] = [("12 MP", 0.35), ("108 MP", 0.5)];
/// The most memory, in megabytes.
const PEAK: f64 = 12.0;
/// The least part of a cap that is used where quality is not at its ceiling.
const FILL: f64 = 0.98;

/// What a tool came to.
struct Row {
    peer: Peer,
    cost: Cost,
    steps: u32,
    bytes: u64,
    size: (u32, u32),
    score: Option<f64>,
}

pub(crate) fn bench(bench: &Bench, figures: &mut Figures) -> io::Result<()> {
    let rounds = if bench.quick { 1 } else { 5 };
    println!("\n## Speed and memory: the fastest of {rounds} alternating rounds, the largest peak");
    let peers: Vec<Peer> = ALL.into_iter().filter(|peer| peer.version().is_some()).collect();
    let (mut peak, mut fill) = (0, f64::INFINITY);
    let mut ahead = Vec::new();
    for photo in bench.photos.by_size()? {
        let mut references = match &bench.scorer {
            Some(_) => Some(References::of(&photo, &bench.dir.join("speed"))?),
            None => None,
        };
        for cap in CAPS {
            let rows = measured(bench, &photo, cap, &peers, rounds, references.as_mut())?;
            print(&photo, cap, &rows);
            let Some(ours) = rows.iter().find(|row| row.peer == Peer::Fieldpost) else { continue };
            peak = peak.max(ours.cost.peak);
            fill = fill.min(ours.bytes as f64 / cap as f64);
            if let (Some((_, most)), Some(vips)) =
                (WALL.iter().find(|(name, _)| *name == photo.name), rows.iter().find(|row| row.peer == Peer::Vips))
            {
                let ratio = ours.cost.wall.as_secs_f64() / vips.cost.wall.as_secs_f64();
                figures.add(
                    format!("{}, {} KB: wall / vipsthumbnail", photo.name, cap / 1000),
                    ratio,
                    Bound::Most(*most),
                );
            }
            ahead.extend(rows.iter().filter_map(|row| where_ahead(row, ours, &photo, cap)));
        }
        if let Some(references) = references {
            references.remove()?;
        }
    }
    if bench.runner.tells_peaks() {
        let idle = bench.runner.run(&alone()?)?.peak;
        println!(
            "\nOf our peak, {:.1} MB are what a process of this program takes that does nothing.",
            megabytes(idle)
        );
        figures.add("peak memory, the most of all, in MB", megabytes(peak), Bound::Most(PEAK));
    }
    figures.add("part of the cap that is used, the least of all", fill, Bound::Least(FILL));
    println!("\nWhere a peer is ahead:\n");
    if ahead.is_empty() {
        println!("- nowhere");
    }
    ahead.iter().for_each(|line| println!("- {line}"));
    Ok(())
}

fn measured(
    bench: &Bench,
    photo: &Photo,
    cap: u64,
    peers: &[Peer],
    rounds: usize,
    mut references: Option<&mut References>,
) -> io::Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for round in 0..rounds {
        for &peer in peers {
            let out: PathBuf = bench.dir.join(format!("{}.jpg", peer.name().replace(' ', "-")));
            let Some(fit) = peer.fit(photo, &out, cap, &bench.runner)? else { continue };
            if round > 0 {
                let row = rows.iter_mut().find(|row| row.peer == peer);
                let row = row.ok_or_else(|| io::Error::other("the first round had every tool"))?;
                row.cost.wall = row.cost.wall.min(fit.cost.wall);
                row.cost.peak = row.cost.peak.max(fit.cost.peak);
                continue;
            }
            let score = match (&bench.scorer, references.as_mut()) {
                (Some(scorer), Some(references)) => Some(scorer.score(&references.for_result(&out)?, &out)?),
                _ => None,
            };
            let size = image::image_dimensions(&out).map_err(io::Error::other)?;
            rows.push(Row { peer, cost: fit.cost, steps: fit.steps, bytes: fs::metadata(&out)?.len(), size, score });
        }
    }
    Ok(rows)
}

fn print(photo: &Photo, cap: u64, rows: &[Row]) {
    let vips = rows.iter().find(|row| row.peer == Peer::Vips).map(|row| row.cost.wall.as_secs_f64());
    let mut table = Table::new(["tool", "wall s", "/ vips", "runs", "peak MB", "size / cap", "SSIMULACRA2", "size"]);
    for row in rows {
        let wall = row.cost.wall.as_secs_f64();
        table.row([
            row.peer.name().to_owned(),
            format!("{wall:.3}"),
            number(vips.map(|vips| wall / vips), 2),
            row.steps.to_string(),
            if row.cost.peak == 0 { EMPTY.to_owned() } else { format!("{:.1}", megabytes(row.cost.peak)) },
            format!("{:.3}", row.bytes as f64 / cap as f64),
            number(row.score, 2),
            format!("{} x {}", row.size.0, row.size.1),
        ]);
    }
    table.print(&format!("{} ({} x {}), to {} KB", photo.name, photo.width, photo.height, cap / 1000));
}

/// In what this tool did better than ours, as a line; one of other dimensions had something else to do.
fn where_ahead(row: &Row, ours: &Row, photo: &Photo, cap: u64) -> Option<String> {
    if row.peer == Peer::Fieldpost {
        return None;
    }
    let mut points = Vec::new();
    if row.cost.wall < ours.cost.wall {
        points.push(format!(
            "faster ({:.3} s beside {:.3} s)",
            row.cost.wall.as_secs_f64(),
            ours.cost.wall.as_secs_f64()
        ));
    }
    if row.cost.peak > 0 && row.cost.peak < ours.cost.peak {
        points.push(format!(
            "less memory ({:.1} MB beside {:.1} MB)",
            megabytes(row.cost.peak),
            megabytes(ours.cost.peak)
        ));
    }
    if row.bytes > ours.bytes && row.bytes <= cap {
        points.push(format!(
            "fuller ({:.3} beside {:.3})",
            row.bytes as f64 / cap as f64,
            ours.bytes as f64 / cap as f64
        ));
    }
    if let (Some(theirs), Some(own)) = (row.score, ours.score)
        && theirs > own
    {
        points.push(format!("a better score ({theirs:.2} beside {own:.2}, at the bytes of each)"));
    }
    if points.is_empty() {
        return None;
    }
    let other = if row.size == ours.size { "" } else { ", at other dimensions" };
    Some(format!("{}, {} KB, {}: {}{other}", photo.name, cap / 1000, row.peer.name(), points.join("; ")))
}
