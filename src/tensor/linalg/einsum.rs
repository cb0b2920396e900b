//! Sums of products written with letters for the axes.

mod path;

use std::collections::BTreeMap;

use super::contract::{Label, Named, contract, numbers};
use crate::error::{Error, Result};
use crate::shape::Shape;
use crate::tensor::Tensor;

const OP: &str = "einsum";

/// The axes of an ellipsis are named from here on, counted from the last one.
const ELLIPSIS: Label = 128;

/// The letters of one operand or of the result, as they were written.
struct Term {
    /// Before and behind the ellipsis; all are before it where there is none.
    letters: [Vec<Label>; 2],
    ellipsis: bool,
}

impl Term {
    #[track_caller]
    fn parse(text: &str, subscripts: &str) -> Result<Self> {
        let wrong = |what: String| format!("{what} in \"{subscripts}\"");
        let mut term = Self {
            letters: [vec![], vec![]],
            ellipsis: text.contains("..."),
        };
        for (i, part) in text.split("...").enumerate() {
            if i > 1 {
                let message = wrong(format!("more than one ellipsis in term \"{text}\""));
                return Err(Error::value(OP, message));
            }
            for letter in part.chars() {
                if !letter.is_ascii_alphabetic() {
                    let message = wrong(format!("'{letter}' is no letter"));
                    return Err(Error::value(OP, message));
                }
                term.letters[i].push(letter as Label);
            }
        }
        Ok(term)
    }

    /// The labels of all axes, the ellipsis standing for this many.
    fn labels(&self, ellipsis: usize) -> Vec<Label> {
        let [before, behind] = &self.letters;
        let middle = (0..ellipsis).rev().map(|i| ELLIPSIS + i as Label);
        let letters = before.iter().copied().chain(middle);
        letters.chain(behind.iter().copied()).collect()
    }

    fn count(&self) -> usize {
        self.letters.iter().map(Vec::len).sum()
    }
}

/// How an axis is called in a message.
fn name(label: Label) -> String {
    match label.checked_sub(ELLIPSIS) {
        Some(i) => format!("axis {} of the ellipsis", -1 - i as isize),
        None => format!("letter '{}'", label as char),
    }
}

impl Tensor {
    /// Einstein's sum: a letter for each axis of each operand, separated by commas, then perhaps an
    /// arrow and the letters of the result. Axes of one letter walk together, and what is not in
    /// the result is summed over; a letter twice in one operand takes its diagonal, without a
    /// copy. Without an arrow the result has the letters that occur once, in alphabetical order. An ellipsis
    /// stands for further axes, which broadcast. Letters are `a` to `z` and `A` to `Z`; spaces do not count.
    ///
    /// Two operands are multiplied as matrices. More are contracted two at a time, in the
    /// order of least arithmetic for up to eight, and in a good one for more.
    ///
    /// # Errors
    /// Subscripts that do not parse or fit the operands, a letter with two sizes, a result (also one
    /// on the way) of more than 8 dimensions, or tensors on different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let a = Tensor::new([[1, 2], [3, 4]], &dev)?;
    /// let v = Tensor::new([10, 1], &dev)?;
    /// assert_eq!(Tensor::einsum("ij,j->i", &[&a, &v])?.to_vec::<i32>()?, [12, 34]);
    /// assert_eq!(Tensor::einsum("ii", &[&a])?.item::<i32>()?, 5);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn einsum(subscripts: &str, operands: &[&Tensor]) -> Result<Tensor> {
        let (mut named, wanted) = parse(subscripts, operands)?;
        let sizes = sizes(subscripts, &named)?;
        for operand in &mut named {
            *operand = operand.diagonal(&sizes)?;
        }
        // What only one operand has, and the result not, is summed at once.
        for i in 0..named.len() {
            let elsewhere = |l: Label| {
                let mut others = named.iter().enumerate().filter(|(j, _)| *j != i);
                wanted.contains(&l) || others.any(|(_, other)| other.labels.contains(&l))
            };
            named[i] = named[i].clone().summed(elsewhere)?;
        }
        let labels: Vec<&[Label]> = named.iter().map(|n| n.labels.as_slice()).collect();
        for step in path::path(&labels, &wanted, &sizes) {
            let (a, b) = path::take(&mut named, step);
            let kept = |l: Label| {
                wanted.contains(&l) || named.iter().any(|other| other.labels.contains(&l))
            };
            let result = contract(OP, &a, &b, kept)?;
            named.push(result);
        }
        match named.pop() {
            Some(last) => Ok(last.ordered(&wanted)),
            None => unreachable!("there is an operand, and each step leaves one"),
        }
    }
}

/// The operands with their axes named, and the names of the result's axes.
#[track_caller]
fn parse(subscripts: &str, operands: &[&Tensor]) -> Result<(Vec<Named>, Vec<Label>)> {
    let text: String = subscripts.chars().filter(|c| *c != ' ').collect();
    let (inputs, output) = match text.split_once("->") {
        Some((inputs, output)) => (inputs, Some(output)),
        None => (text.as_str(), None),
    };
    let terms: Vec<Term> = inputs
        .split(',')
        .map(|term| Term::parse(term, subscripts))
        .collect::<Result<_>>()?;
    if terms.len() != operands.len() {
        let message = format!(
            "\"{subscripts}\" is for {} operands, but there are {}",
            terms.len(),
            operands.len()
        );
        return Err(Error::value(OP, message));
    }
    for operand in &operands[1..] {
        operands[0].same_device(OP, operand)?;
    }
    let mut named = Vec::with_capacity(operands.len());
    let mut widest = 0;
    for (i, (term, tensor)) in terms.iter().zip(numbers(operands)).enumerate() {
        let more = tensor.ndim().checked_sub(term.count());
        let Some(more) = more.filter(|&more| term.ellipsis || more == 0) else {
            let shape = tensor.shape_ref();
            let message = format!(
                "operand {i} has {} dimensions, but {}{} letters in \"{subscripts}\"",
                tensor.ndim(),
                if term.ellipsis { "at least " } else { "" },
                term.count(),
            );
            return Err(Error::shape(OP, shape, message));
        };
        widest = widest.max(more);
        named.push(Named {
            tensor: tensor.into_owned(),
            labels: term.labels(more),
        });
    }
    let all = || named.iter().flat_map(|n| n.labels.iter().copied());
    let wanted = match output {
        Some(output) => {
            let term = Term::parse(output, subscripts)?;
            if widest > 0 && !term.ellipsis {
                let message = format!(
                    "the ellipsis in \"{subscripts}\" stands for {widest} axes, which the result must keep: \
                     it needs an ellipsis too"
                );
                return Err(Error::value(OP, message));
            }
            term.labels(if term.ellipsis { widest } else { 0 })
        }
        None => {
            let mut once: Vec<Label> = all()
                .filter(|&l| l < ELLIPSIS && all().filter(|&other| other == l).count() == 1)
                .collect();
            once.sort_unstable();
            let ellipsis = (0..widest).rev().map(|i| ELLIPSIS + i as Label);
            ellipsis.chain(once).collect()
        }
    };
    for (i, &label) in wanted.iter().enumerate() {
        let what = if wanted[..i].contains(&label) {
            "stands twice in the result"
        } else if !all().any(|l| l == label) {
            "of the result is in no operand"
        } else {
            continue;
        };
        let message = format!("{} {what} of \"{subscripts}\"", name(label));
        return Err(Error::value(OP, message));
    }
    Ok((named, wanted))
}

/// The size of each axis; 1 broadcasts.
#[track_caller]
fn sizes(subscripts: &str, operands: &[Named]) -> Result<BTreeMap<Label, usize>> {
    let mut sizes = BTreeMap::<Label, (usize, usize)>::new();
    for (i, operand) in operands.iter().enumerate() {
        for (&label, &size) in operand.labels.iter().zip(operand.tensor.shape()) {
            let (known, at) = *sizes.entry(label).or_insert((size, i));
            if known == 1 {
                sizes.insert(label, (size, i));
            } else if size != 1 && size != known {
                let shapes: Vec<String> = operands
                    .iter()
                    .map(|operand| operand.tensor.shape_ref().to_string())
                    .collect();
                let message = format!(
                    "{} has size {known} in operand {at} and {size} in operand {i} of \
                     \"{subscripts}\" with shapes {}",
                    name(label),
                    shapes.join(" ")
                );
                return Err(Error::value(OP, message));
            }
        }
    }
    Ok(sizes.into_iter().map(|(l, (size, _))| (l, size)).collect())
}

impl Named {
    /// With each name once: the diagonal over axes of one name, a view; without axes of size 1 where
    /// others of that name are longer.
    #[track_caller]
    fn diagonal(&self, sizes: &BTreeMap<Label, usize>) -> Result<Self> {
        let mut out = self.clone();
        let short = |named: &Self, i: usize| {
            let longer = sizes.get(&named.labels[i]).is_some_and(|&size| size != 1);
            longer && named.tensor.shape()[i] == 1
        };
        while let Some(i) = (0..out.labels.len()).find(|&i| short(&out, i)) {
            let dims: Shape = (0..out.labels.len())
                .filter(|&j| j != i)
                .map(|j| out.tensor.shape()[j])
                .collect();
            out.tensor = out.tensor.reshaped(&dims);
            out.labels.remove(i);
        }
        let twice = |labels: &[Label]| {
            (0..labels.len()).find_map(|j| {
                let i = labels[..j].iter().position(|&l| l == labels[j])?;
                Some((i, j))
            })
        };
        while let Some((i, j)) = twice(&out.labels) {
            out.tensor = out.tensor.diagonal(0, i as isize, j as isize)?;
            let label = out.labels.remove(j);
            out.labels.remove(i);
            out.labels.push(label);
        }
        Ok(out)
    }
}
