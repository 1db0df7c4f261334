use fieldpost_imaging::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let cap: u64 = a[3].parse().unwrap();
    let edge: u32 = a[4].parse().unwrap();
    let policy = Policy { cap: Some(cap), max_edge: Some(edge), ..Policy::default() };
    let mem: u64 = a.get(5).and_then(|m| m.parse().ok()).unwrap_or(DEFAULT_MEMORY);
    let _ = std::fs::remove_file(&a[2]);
    let t = std::time::Instant::now();
    let r = fit(a[1].as_ref(), a[2].as_ref(), &policy, &Control::default().memory(mem));
    let s = t.elapsed().as_secs_f64();
    let hwm = std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .find(|l| l.starts_with("VmHWM"))
        .unwrap()
        .to_string();
    println!("{:.3} s  {}  {:?}", s, hwm, r);
}
