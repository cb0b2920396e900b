//! Paths cut into strokes, and what of paths and rings lies within an area.

use super::canvas::{Area, Pen, Point};

/// A path cut into its strokes.
pub(crate) fn dashes(path: Vec<Point>, pen: Pen) -> Vec<Vec<Point>> {
    let lengths = pen.dash.lengths();
    if lengths.is_empty() {
        return vec![path];
    }
    let length = |i: usize| (lengths[i % lengths.len()] * pen.width).max(0.5);
    let (mut out, mut stroke) = (vec![], vec![]);
    let (mut turn, mut left) = (0, length(0));
    for two in path.windows(2) {
        let (from, to) = (two[0], two[1]);
        let whole = (to.0 - from.0).hypot(to.1 - from.1);
        let at = |d: f64| {
            let t = if whole > 0.0 { d / whole } else { 0.0 };
            (from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t)
        };
        let mut done = 0.0;
        if turn % 2 == 0 && stroke.is_empty() {
            stroke.push(from);
        }
        while whole - done > left {
            done += left;
            if turn % 2 == 0 {
                stroke.push(at(done));
                out.push(std::mem::take(&mut stroke));
            } else {
                stroke.push(at(done));
            }
            turn += 1;
            left = length(turn);
        }
        left -= whole - done;
        if turn % 2 == 0 {
            stroke.push(to);
        }
    }
    if stroke.len() > 1 {
        out.push(stroke);
    }
    out
}

/// The part of a segment within an area, by Liang and Barsky.
fn clip_segment(a: Point, b: Point, area: &Area) -> Option<(Point, Point)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut t0, mut t1) = (0.0f64, 1.0f64);
    let sides = [
        (-dx, a.0 - area.x),
        (dx, area.right() - a.0),
        (-dy, a.1 - area.y),
        (dy, area.bottom() - a.1),
    ];
    for (p, q) in sides {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            t0 = t0.max(q / p);
        } else {
            t1 = t1.min(q / p);
        }
    }
    let at = |t: f64| (a.0 + dx * t, a.1 + dy * t);
    let whole = |t: f64, end: Point| if t == 0.0 || t == 1.0 { end } else { at(t) };
    (t0 <= t1).then(|| (whole(t0, a), whole(t1, b)))
}

/// The parts of a path within an area.
pub(crate) fn clip_path(path: &[Point], area: &Area) -> Vec<Vec<Point>> {
    let mut out: Vec<Vec<Point>> = vec![];
    for two in path.windows(2) {
        let Some((a, b)) = clip_segment(two[0], two[1], area) else {
            continue;
        };
        match out.last_mut() {
            Some(last) if last.last() == Some(&a) && a == two[0] => last.push(b),
            _ => out.push(vec![a, b]),
        }
    }
    out
}

/// A ring within an area, by Sutherland and Hodgman.
pub(crate) fn clip_ring(ring: &[Point], area: &Area) -> Vec<Point> {
    let mut ring = ring.to_vec();
    // How far within each of the four sides a point is.
    let inside: [&dyn Fn(Point) -> f64; 4] = [
        &|p| p.0 - area.x,
        &|p| area.right() - p.0,
        &|p| p.1 - area.y,
        &|p| area.bottom() - p.1,
    ];
    for within in inside {
        let mut kept = Vec::with_capacity(ring.len() + 4);
        for i in 0..ring.len() {
            let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
            let (da, db) = (within(a), within(b));
            if da >= 0.0 {
                kept.push(a);
            }
            if (da >= 0.0) != (db >= 0.0) {
                let t = da / (da - db);
                kept.push((a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t));
            }
        }
        ring = kept;
    }
    ring
}

/// Whether a path meets an area.
pub(crate) fn crosses(path: &[Point], area: &Area) -> bool {
    path.windows(2)
        .any(|two| clip_segment(two[0], two[1], area).is_some())
}
