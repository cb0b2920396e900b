//! Calls written as text, `name(arguments)`, as the keys of `tests/golden/edges_*.txt` are.

mod axes;
mod elementwise;
mod indexing;
mod making;
mod products;
mod shapes;

use tilewise::{Error, IntoAxes, Result, Tensor};

/// What a call gives: one tensor or several.
pub(super) type Results = Result<Vec<Tensor>>;

/// A call of a method of the tensor `x`.
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    args: Vec<&'a str>,
    x: &'a Tensor,
    y: Option<&'a Tensor>,
    z: Option<&'a Tensor>,
}

impl<'a> Call<'a> {
    /// Parses the text of a call; the tensors are what `x`, `y` and `z` in it stand for.
    pub(super) fn new(text: &'a str, [x, y, z]: [Option<&'a Tensor>; 3]) -> Self {
        let (name, rest) = text.split_once('(').expect("a call has parentheses");
        let args = rest.strip_suffix(')').expect("a call has parentheses");
        Self {
            name,
            args: args.split(',').collect(),
            x: x.expect("a case has an operand x"),
            y,
            z,
        }
    }

    /// The name in the text of a call.
    pub(super) fn name_of(text: &str) -> &str {
        text.split_once('(').map_or(text, |(name, _)| name)
    }

    /// Makes the call; panics where no family has the name.
    pub(super) fn run(&self) -> Results {
        let families = [
            elementwise::run,
            axes::run,
            shapes::run,
            indexing::run,
            making::run,
            products::run,
        ];
        let mut results = families.iter().filter_map(|run| run(self));
        let first = results.next();
        first.unwrap_or_else(|| panic!("there is no call named {:?}", self.name))
    }

    fn y(&self) -> &'a Tensor {
        self.y.expect("a case of two operands")
    }

    fn z(&self) -> &'a Tensor {
        self.z.expect("a case of three operands")
    }

    /// An argument as a number.
    fn number<T: std::str::FromStr>(&self, at: usize) -> T {
        let text = self.args[at];
        let number = text.parse();
        number.unwrap_or_else(|_| panic!("{}: {text:?} is not such a number", self.name))
    }

    /// All arguments as numbers.
    fn numbers(&self) -> Vec<isize> {
        (0..self.args.len()).map(|at| self.number(at)).collect()
    }

    /// An argument that is an axis, or `..` for all of them.
    fn axes(&self, at: usize) -> Axes {
        Axes((self.args[at] != "..").then(|| self.number(at)))
    }
}

/// One axis, or all.
struct Axes(Option<isize>);

impl IntoAxes for Axes {
    fn into_axes(self) -> Option<Vec<isize>> {
        self.0.map(|axis| vec![axis])
    }
}

/// One result.
fn one(result: Result<Tensor>) -> Results {
    result.map(|tensor| vec![tensor])
}

/// Two results.
fn two(results: Result<(Tensor, Tensor)>) -> Results {
    results.map(|(a, b)| vec![a, b])
}

/// A result that is a truth value of the host.
fn truth(x: &Tensor, result: Result<bool, Error>) -> Results {
    one(result.and_then(|value| Tensor::new(value, x.device())))
}
