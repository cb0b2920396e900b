//! Lines of equal height through a grid of values, and what they enclose, by marching squares.
//!
//! Each cell between four neighbouring values is looked at by itself: where an edge has one end below the level and
//! one not, the line crosses it, at the place between them that the two values say. Lines run with what is high at
//! one side, so that each crossing has one next, and following them gives rings. Around the grid there is a border of
//! what is below every level; a ring that reaches it runs along the outermost values.

use super::values::Matrix;

/// A place in a grid: columns to the right and rows up, in parts of a cell.
pub(crate) type Place = (f64, f64);

/// A ring, and for each of its places whether it lies on the border of the grid, or beside a hole of it.
pub(crate) struct Ring {
    pub(crate) places: Vec<Place>,
    outer: Vec<bool>,
}

const NONE: u32 = u32::MAX;

/// The rings around all that is at least as high as a level. NaN is lower than every level.
pub(crate) fn rings(grid: &Matrix, level: f64) -> Vec<Ring> {
    // With the border, and edges numbered by the point at their left or lower end: to the right, upwards.
    let (rows, columns) = (grid.rows + 2, grid.columns + 2);
    let value = |row: usize, column: usize| {
        let inner = row > 0 && column > 0 && row <= grid.rows && column <= grid.columns;
        let value = if inner {
            grid.at(row - 1, column - 1)
        } else {
            f64::NAN
        };
        (!value.is_nan()).then_some(value)
    };
    let above = |row, column| value(row, column).is_some_and(|v| v >= level);
    let right = |row: usize, column: usize| 2 * (row * columns + column) as u32;
    let up = |row: usize, column: usize| right(row, column) + 1;
    let mut next = vec![NONE; 2 * rows * columns];
    for row in 0..rows - 1 {
        for column in 0..columns - 1 {
            let (a, b) = (above(row, column), above(row, column + 1));
            let (d, c) = (above(row + 1, column), above(row + 1, column + 1));
            let (bottom, top) = (right(row, column), right(row + 1, column));
            let (left, far) = (up(row, column), up(row, column + 1));
            // What is high lies at the left of each way.
            let ways: &[(u32, u32)] = match (a, b, c, d) {
                (false, false, false, false) | (true, true, true, true) => &[],
                (true, false, false, false) => &[(bottom, left)],
                (false, true, false, false) => &[(far, bottom)],
                (false, false, true, false) => &[(top, far)],
                (false, false, false, true) => &[(left, top)],
                (true, true, false, false) => &[(far, left)],
                (false, true, true, false) => &[(top, bottom)],
                (false, false, true, true) => &[(left, far)],
                (true, false, false, true) => &[(bottom, top)],
                (false, true, true, true) => &[(left, bottom)],
                (true, false, true, true) => &[(bottom, far)],
                (true, true, false, true) => &[(far, top)],
                (true, true, true, false) => &[(top, left)],
                // A saddle: the mean says whether the two high corners are joined.
                (true, false, true, false) | (false, true, false, true) => {
                    let corners = [
                        (row, column),
                        (row, column + 1),
                        (row + 1, column),
                        (row + 1, column + 1),
                    ];
                    let sum: f64 = corners
                        .map(|(r, c)| value(r, c).unwrap_or(f64::NEG_INFINITY))
                        .iter()
                        .sum();
                    match (a, sum / 4.0 >= level) {
                        (true, true) => &[(bottom, far), (top, left)],
                        (true, false) => &[(bottom, left), (top, far)],
                        (false, true) => &[(left, bottom), (far, top)],
                        (false, false) => &[(far, bottom), (left, top)],
                    }
                }
            };
            for &(from, to) in ways {
                next[from as usize] = to;
            }
        }
    }
    let crossing = |edge: u32| {
        let (point, upward) = (edge as usize / 2, edge % 2 == 1);
        let (row, column) = (point / columns, point % columns);
        let (row2, column2) = if upward {
            (row + 1, column)
        } else {
            (row, column + 1)
        };
        let part = match (value(row, column), value(row2, column2)) {
            (Some(a), Some(b)) => Some(part(a, b, level)),
            (Some(_), None) => None,
            _ => None,
        };
        let outer = part.is_none();
        // Without a value at one end the crossing is at the other.
        let part = part.unwrap_or(if value(row, column).is_some() {
            0.0
        } else {
            1.0
        });
        let (x, y) = (column as f64 - 1.0, row as f64 - 1.0);
        let place = if upward { (x, y + part) } else { (x + part, y) };
        (place, outer)
    };
    let mut out = vec![];
    for start in 0..next.len() as u32 {
        let (mut places, mut outer) = (vec![], vec![]);
        let mut edge = start;
        while next[edge as usize] != NONE {
            let (place, on_border) = crossing(edge);
            places.push(place);
            outer.push(on_border);
            edge = std::mem::replace(&mut next[edge as usize], NONE);
        }
        if places.len() > 1 {
            out.push(Ring { places, outer });
        }
    }
    out
}

/// How far between two values a level lies, from 0 to 1.
fn part(a: f64, b: f64, level: f64) -> f64 {
    let (a, b) = (a.clamp(-1e300, 1e300), b.clamp(-1e300, 1e300));
    match a == b {
        true => 0.5,
        false => ((level - a) / (b - a)).clamp(0.0, 1.0),
    }
}

impl Ring {
    /// The parts of the ring that are lines of the level, without its ways along the border.
    pub(crate) fn lines(&self) -> Vec<Vec<Place>> {
        let n = self.places.len();
        let Some(start) = self.outer.iter().position(|&outer| outer) else {
            let mut whole = self.places.clone();
            whole.push(self.places[0]);
            return vec![whole];
        };
        let mut lines = vec![vec![]];
        for i in 0..=n {
            let at = (start + i) % n;
            match lines.last_mut() {
                Some(line) if !self.outer[at] => line.push(self.places[at]),
                Some(line) if !line.is_empty() => lines.push(vec![]),
                _ => {}
            }
        }
        lines.retain(|line| line.len() > 1);
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: &[&[f64]]) -> Matrix {
        Matrix {
            rows: rows.len(),
            columns: rows[0].len(),
            values: rows.concat(),
        }
    }

    /// Twice the area, positive where it turns to the left.
    fn area(ring: &Ring) -> f64 {
        let n = ring.places.len();
        let cross = |i: usize| {
            let (a, b) = (ring.places[i], ring.places[(i + 1) % n]);
            a.0 * b.1 - a.1 * b.0
        };
        (0..n).map(cross).sum::<f64>() / 2.0
    }

    #[test]
    fn a_peak_has_a_ring_around_it() {
        let rings = rings(&grid(&[&[0., 0., 0.], &[0., 4., 0.], &[0., 0., 0.]]), 1.0);
        assert_eq!(rings.len(), 1);
        assert_eq!(rings[0].places.len(), 4);
        assert!(rings[0].places.contains(&(0.25, 1.0)));
        assert_eq!(rings[0].lines()[0].len(), 5);
        assert_eq!(area(&rings[0]), 2.0 * 0.75 * 0.75);
    }

    #[test]
    fn a_pit_is_a_hole() {
        let rings = rings(&grid(&[&[2., 2., 2.], &[2., 0., 2.], &[2., 2., 2.]]), 1.0);
        let mut areas: Vec<f64> = rings.iter().map(area).collect();
        areas.sort_by(f64::total_cmp);
        assert_eq!(areas, [-0.5, 4.0]);
        let lines: usize = rings.iter().map(|ring| ring.lines().len()).sum();
        assert_eq!(lines, 1, "the border is no line");
    }

    #[test]
    fn a_slope_has_a_line_across() {
        let rings = rings(&grid(&[&[0., 1., 2.], &[0., 1., 2.]]), 0.5);
        assert_eq!(rings.len(), 1);
        assert_eq!(rings[0].lines(), [vec![(0.5, 1.0), (0.5, 0.0)]]);
        assert_eq!(area(&rings[0]), 1.5);
    }

    #[test]
    fn nan_is_left_out() {
        let nan = f64::NAN;
        let rings = rings(&grid(&[&[2., 2., 2.], &[2., nan, 2.], &[2., 2., 2.]]), 1.0);
        assert!(rings.iter().all(|ring| ring.lines().is_empty()));
        assert!(super::rings(&grid(&[&[nan, nan]]), 0.0).is_empty());
    }
}
