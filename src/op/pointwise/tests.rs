//! Every width of vectors gives the same bits, and the documented bounds are those of the table.

use pulp::Arch;

use super::*;

/// The widths of vectors that this processor has.
pub(crate) fn widths() -> Vec<Arch> {
    let mut widths = vec![Arch::Scalar];
    #[cfg(target_arch = "x86_64")]
    {
        widths.extend(pulp::x86::V3::try_new().map(Arch::V3));
        widths.extend(pulp::x86::V4::try_new().map(Arch::V4));
    }
    widths
}

#[test]
fn every_width_of_vectors_gives_the_same_bits() {
    let pairs: Vec<(f32, f32)> = math::tests::pairs(5_000).collect();
    let words =
        |f: fn(&(f32, f32)) -> f32| -> Vec<u32> { pairs.iter().map(|p| f(p).to_bits()).collect() };
    let (a, b) = (words(|p| p.0), words(|p| p.1));
    let small: Vec<u32> = (0..a.len()).map(|i| (i as f32 * 0.37).to_bits()).collect();
    let truth: Vec<u32> = a.iter().map(|a| a & 1).collect();
    let odd: Vec<u32> = (0..a.len() as u32).map(|i| i & 1).collect();
    for &op in PointOp::ALL.iter().chain(&PointOp::MORE) {
        for (from, to) in op.signatures() {
            for first in [&a, &small] {
                let args = match (op, from) {
                    (PointOp::Select, DType::Bool) => [&truth[..], &truth, &odd],
                    (PointOp::Select, _) => [&truth[..], first, &b],
                    (_, DType::Bool) => [&truth[..], &odd, &odd],
                    _ => [&first[..], &b, &b],
                };
                let dtypes = match op {
                    PointOp::Select => [DType::Bool, from, from],
                    _ => [from; 3],
                };
                let operands: [_; 3] = std::array::from_fn(|k| registers_of(dtypes[k], args[k]));
                let run = |width: Arch| {
                    let mut out = vec![0u32; a.len()];
                    let bytes = register_size(to) * out.len();
                    let registers = &mut bytemuck::cast_slice_mut(&mut out)[..bytes];
                    width.dispatch(Apply(&mut Application {
                        op,
                        from,
                        to,
                        args: &operands.each_ref().map(|arg| &**arg),
                        out: registers,
                    }));
                    words_of(to, registers).into_owned()
                };
                let plain = run(Arch::Scalar);
                for width in widths() {
                    let wide = run(width);
                    // Which NaN it is, IEEE 754 leaves open.
                    let nan = |bits: u32| to.is_float() && f32::from_bits(bits).is_nan();
                    let differs =
                        |i: &usize| plain[*i] != wide[*i] && !(nan(plain[*i]) && nan(wide[*i]));
                    if let Some(i) = (0..a.len()).find(differs) {
                        let [x, y, _] = args.map(|arg| arg[i]);
                        panic!(
                            "{op:?} of {from} {x:#x} and {y:#x} on {width:?}: {:#x}, not {:#x}",
                            wide[i], plain[i]
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_documentation_states_each_bound() {
    let text = include_str!("../../../docs/numerics.md");
    let rows: Vec<String> = PointOp::ALL
        .iter()
        .filter(|op| op.ulp() > 0.0)
        .map(|op| format!("| `{}` | {} |", op.name(), op.ulp()))
        .collect();
    let table = rows.join("\n");
    assert!(
        text.contains(&table),
        "docs/numerics.md must hold this table:\n{table}"
    );
}

#[test]
fn arity_follows_from_the_expression() {
    for (op, arity) in [
        (PointOp::Exp, 1),
        (PointOp::Add, 2),
        (PointOp::Select, 3),
        (PointOp::Cast, 1),
    ] {
        assert_eq!(op.arity(), arity, "{op:?}");
    }
}
