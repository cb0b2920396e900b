//! The order in which several operands are contracted, two at a time.
//!
//! The cost of a step is the number of multiplications: the product of the sizes of all axes that
//! the two have. For up to [`EXHAUSTIVE`] operands every order is weighed, by dynamic
//! programming over subsets; for more, the pair that shrinks its operands most goes first.

use std::collections::BTreeMap;

use super::super::contract::Label;

/// The most operands for which all orders are weighed: 3⁸ splits.
const EXHAUSTIVE: usize = 8;

/// Axes by name and size, as bits of a set.
struct Axes {
    sizes: Vec<f64>,
}

impl Axes {
    fn count(&self, set: u64) -> f64 {
        let there = (0..self.sizes.len()).filter(|i| set >> i & 1 == 1);
        there.map(|i| self.sizes[i]).product()
    }
}

/// A step takes the two at these places (the left one first) from the list of operands and adds
/// their contraction at its end.
pub(super) type Step = (usize, usize);

/// The steps that contract operands of these axes to one of the wanted axes.
pub(super) fn path(
    operands: &[&[Label]],
    wanted: &[Label],
    sizes: &BTreeMap<Label, usize>,
) -> Vec<Step> {
    let bit = |label: &Label| sizes.range(..label).count();
    let set = |labels: &[Label]| labels.iter().fold(0u64, |set, l| set | 1 << bit(l));
    let axes = Axes {
        sizes: sizes.values().map(|&n| n as f64).collect(),
    };
    let operands: Vec<u64> = operands.iter().map(|labels| set(labels)).collect();
    match operands.len() {
        0 | 1 => vec![],
        2 => vec![(0, 1)],
        n if n <= EXHAUSTIVE => best(&axes, &operands, set(wanted)),
        _ => greedy(&axes, operands, set(wanted)),
    }
}

/// The cheapest order of all.
fn best(axes: &Axes, operands: &[u64], wanted: u64) -> Vec<Step> {
    let n = operands.len();
    let full = (1usize << n) - 1;
    let union = |subset: usize| {
        let members = (0..n).filter(|i| subset >> i & 1 == 1);
        members.fold(0, |set, i| set | operands[i])
    };
    // What remains of a subset: the axes that others or the result still need.
    let remains: Vec<u64> = (0..=full)
        .map(|subset| union(subset) & (union(full & !subset) | wanted))
        .collect();
    // By subset, in ascending order: the least cost, and the part of the split that reaches it.
    let mut least = vec![(0.0, 0); full + 1];
    for subset in 1..=full {
        if subset.is_power_of_two() {
            continue;
        }
        let mut found = (f64::INFINITY, 0);
        let lowest = subset & subset.wrapping_neg();
        let mut part = (subset - 1) & subset;
        while part > 0 {
            // Each split once: the part with the lowest member.
            if part & lowest != 0 {
                let rest = subset & !part;
                let step = axes.count(remains[part] | remains[rest]);
                let cost = least[part].0 + least[rest].0 + step;
                if cost < found.0 || found.1 == 0 {
                    found = (cost, part);
                }
            }
            part = (part - 1) & subset;
        }
        least[subset] = found;
    }
    let mut steps = Vec::with_capacity(n - 1);
    let mut list: Vec<usize> = (0..n).map(|i| 1 << i).collect();
    split(full, &least, &mut list, &mut steps);
    steps
}

/// Adds the steps that make a subset, innermost first, to those that were found.
fn split(subset: usize, least: &[(f64, usize)], list: &mut Vec<usize>, steps: &mut Vec<Step>) {
    if subset.is_power_of_two() {
        return;
    }
    let part = least[subset].1;
    let rest = subset & !part;
    split(part, least, list, steps);
    split(rest, least, list, steps);
    let place = |of: usize, list: &[usize]| list.iter().position(|&s| s == of).unwrap_or_default();
    let (left, right) = (place(part, list), place(rest, list));
    steps.push((left, right));
    take(list, (left, right));
    list.push(subset);
}

/// Removes both operands of a step.
pub(super) fn take<T>(list: &mut Vec<T>, (left, right): Step) -> (T, T) {
    let (low, high) = (left.min(right), left.max(right));
    let second = list.remove(high);
    let first = list.remove(low);
    match left < right {
        true => (first, second),
        false => (second, first),
    }
}

/// Step by step the pair whose contraction is smallest beside what it replaces; of equals the cheapest.
fn greedy(axes: &Axes, mut operands: Vec<u64>, wanted: u64) -> Vec<Step> {
    let mut steps = Vec::with_capacity(operands.len() - 1);
    while operands.len() > 1 {
        let mut found = ((f64::INFINITY, f64::INFINITY), (0, 1), 0);
        for right in 1..operands.len() {
            for left in 0..right {
                let others = operands.iter().enumerate();
                let needed = others
                    .filter(|(i, _)| *i != left && *i != right)
                    .fold(wanted, |set, (_, operand)| set | operand);
                let (a, b) = (operands[left], operands[right]);
                let result = (a | b) & needed;
                let growth = axes.count(result) - axes.count(a) - axes.count(b);
                let score = (growth, axes.count(a | b));
                if score < found.0 {
                    found = (score, (left, right), result);
                }
            }
        }
        let (_, step, result) = found;
        take(&mut operands, step);
        operands.push(result);
        steps.push(step);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<Label> {
        text.bytes().collect()
    }

    fn cost(operands: &[&str], wanted: &str, sizes: &[(char, usize)], exhaustive: bool) -> f64 {
        // As they come: what only one operand has, and the result not, is summed before.
        let elsewhere = |i: usize, letter: char| {
            let mut others = operands.iter().enumerate().filter(|(k, _)| *k != i);
            wanted.contains(letter) || others.any(|(_, o)| o.contains(letter))
        };
        let named = operands.iter().enumerate().map(|(i, operand)| {
            let letters: String = operand.chars().filter(|&l| elsewhere(i, l)).collect();
            labels(&letters)
        });
        let named: Vec<Vec<Label>> = named.collect();
        let slices: Vec<&[Label]> = named.iter().map(Vec::as_slice).collect();
        let sizes: BTreeMap<Label, usize> = sizes.iter().map(|&(l, n)| (l as Label, n)).collect();
        let bit = |l: &Label| sizes.range(..l).count();
        let set = |labels: &[Label]| labels.iter().fold(0u64, |set, l| set | 1 << bit(l));
        let axes = Axes {
            sizes: sizes.values().map(|&n| n as f64).collect(),
        };
        let wanted = labels(wanted);
        let steps = match exhaustive {
            true => path(&slices, &wanted, &sizes),
            false => greedy(&axes, slices.iter().map(|l| set(l)).collect(), set(&wanted)),
        };
        assert_eq!(steps.len(), operands.len() - 1);
        let mut left: Vec<u64> = slices.iter().map(|l| set(l)).collect();
        let mut total = 0.0;
        for step in steps {
            let (a, b) = take(&mut left, step);
            let needed = left.iter().fold(set(&wanted), |set, operand| set | operand);
            total += axes.count(a | b);
            left.push((a | b) & needed);
        }
        total
    }

    #[test]
    fn a_chain_of_matrices_is_cut_where_it_is_thin() {
        let sizes = [('a', 10), ('b', 100), ('c', 5), ('d', 50)];
        let operands = ["ab", "bc", "cd"];
        // (ab·bc)·cd; the other way round takes 75,000.
        assert_eq!(cost(&operands, "ad", &sizes, true), 7500.0);
        assert_eq!(cost(&operands, "ad", &sizes, false), 7500.0);
    }

    #[test]
    fn the_best_order_is_no_dearer_than_a_greedy_one() {
        let sizes = [('a', 7), ('b', 3), ('c', 40), ('d', 2), ('e', 30), ('f', 9)];
        for operands in [
            &["ab", "bc", "cd", "de", "ef"][..],
            &["abc", "cd", "bde", "ef"],
            &["a", "b", "c", "d"],
            &["ace", "ebd", "dfa", "cf", "ab"],
        ] {
            for wanted in ["", "a", "abd"] {
                let best = cost(operands, wanted, &sizes, true);
                let greedy = cost(operands, wanted, &sizes, false);
                assert!(best <= greedy, "{operands:?}->{wanted}: {best} > {greedy}");
            }
        }
    }
}
