//! Products that read the right operand through a view.
//!
//! A view of which no reshape makes a matrix, as of the windows of a convolution, is copied into the order of one
//! when the product is recorded. An executor that packs the operand as it multiplies reads the view itself, and
//! the copy, which may be many times as large as what it shows, is never made.

use super::graph::{Input, Node, Value};
use crate::layout::Layout;
use crate::op::{Op, PointOp};

/// Elements of the view's innermost dimension at least: shorter rows take longer to gather than to copy once.
const ROW: usize = 16;

/// Lets products of floats read what was only copied for them, if the rows of the left operand lie in order: a
/// product that packs the one would have to copy the other.
pub(super) fn read_through(nodes: &mut [Node], values: &[Value]) {
    let mut users = vec![0; values.len()];
    let mut maker = vec![None; values.len()];
    for (n, node) in nodes.iter().enumerate() {
        maker[node.result] = Some(n);
        for input in &node.inputs {
            if let Input::Value(value, _) = input {
                users[*value] += 1;
            }
        }
    }
    for n in 0..nodes.len() {
        let node = &nodes[n];
        let [Input::Value(_, left), Input::Value(value, matrix)] = &node.inputs[..] else {
            continue;
        };
        let alone = users[*value] == 1 && !values[*value].held;
        let product = matches!(node.op, Op::Matmul { .. }) && node.dtype.is_float();
        if let (true, true, Some(copy)) = (product, alone, maker[*value])
            && matches!(nodes[copy].op, Op::Point(PointOp::Copy))
            && let source @ Input::Value(_, view) = &nodes[copy].inputs[0]
            && matrix.is_identity()
            && left.strides().last() == Some(&1)
            && is_operand(view, matrix, left)
        {
            nodes[n].inputs[1] = source.clone();
        }
    }
}

/// Whether the dimensions of a view fall into the batch dimensions of a matrix, its rows and its columns.
fn is_operand(view: &Layout, matrix: &Layout, left: &Layout) -> bool {
    let batch = left.dims().len() - 2;
    let (dims, wanted) = (view.dims(), matrix.dims());
    let size = |dims: &[usize]| dims.iter().product::<usize>();
    dims.len() > wanted.len()
        && dims[..batch] == wanted[..batch]
        && size(&dims[batch..]) == size(&wanted[batch..])
        && dims.last().is_some_and(|&row| row >= ROW)
        && (batch + 1..dims.len()).any(|i| size(&dims[batch..i]) == wanted[batch])
}
