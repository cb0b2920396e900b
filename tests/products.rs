//! Products, einsum and powers agree with NumPy's.

use tilewise::{DType, Device, Error, Result, Tensor};

use crate::support::golden::{Array, Case, Golden};
use crate::support::gradient::{check, check_twice};

tests![
    golden,
    dtypes,
    views,
    errors,
    einsum_errors,
    einsum_diagonal_is_a_view,
    einsum_copies_no_more_than_it_must,
    einsum_of_many,
    gradients,
];

fn tensor(array: &Array, device: &Device) -> Result<Tensor> {
    Tensor::from_slice(&array.values::<f32>(), array.shape.as_slice(), device)
}

fn operands(case: &Case) -> Vec<&Array> {
    let keys = (0..).map(|i| format!("x{i}"));
    keys.map_while(|key| case.try_array(&key)).collect()
}

fn compute(case: &Case, x: &[Tensor]) -> Result<Tensor> {
    let all: Vec<&Tensor> = x.iter().collect();
    match case.text("op").expect("each case names its op") {
        "dot" => x[0].dot(&x[1]),
        "inner" => x[0].inner(&x[1]),
        "vdot" => x[0].vdot(&x[1]),
        "outer" => x[0].outer(&x[1]),
        "kron" => x[0].kron(&x[1]),
        "cross" => x[0].cross(&x[1], case.value("axis")),
        "tensordot" => match case.text("count") {
            Some(_) => x[0].tensordot(&x[1], case.value::<usize>("count")),
            None => {
                let axes = |key| case.list::<isize>(key).expect("a list");
                x[0].tensordot(&x[1], (&axes("left")[..], &axes("right")[..]))
            }
        },
        "einsum" => Tensor::einsum(case.text("subscripts").unwrap_or_default(), &all),
        "matrix_power" => x[0].matrix_power(case.value("n")),
        "multi_dot" => Tensor::multi_dot(&all),
        op => panic!("{}: unknown op {op}", case.name),
    }
}

/// The same values, not in order in memory.
fn scattered(x: &Tensor) -> Result<Tensor> {
    let mut y = x.clone();
    for axis in 0..x.ndim() {
        y = y.flip(axis as isize)?;
    }
    let y = y.t().contiguous().t();
    (0..x.ndim()).try_fold(y, |y, axis| y.flip(axis as isize))
}

/// Sums of products of multiples of 1/4 are exact.
fn golden(device: &Device) -> Result<()> {
    let golden = Golden::read("products.txt");
    for case in golden.cases() {
        let want = case.array("result");
        let x: Vec<Tensor> = operands(case)
            .iter()
            .map(|a| tensor(a, device))
            .collect::<Result<_>>()?;
        let other = x.iter().map(scattered).collect::<Result<Vec<_>>>()?;
        for x in [x, other] {
            let got = compute(case, &x).unwrap_or_else(|e| panic!("{}: {e}", case.name));
            assert_eq!(got.shape(), want.shape, "{}", case.name);
            let got: Vec<f32> = got.to_vec()?;
            assert_eq!(got, want.values::<f32>(), "{} on {device}", case.name);
        }
    }
    Ok(())
}

fn dtypes(device: &Device) -> Result<()> {
    let n = Tensor::new([[1, 2], [3, 4]], device)?;
    let b = Tensor::new([true, false], device)?;
    let dot = b.dot(&b)?;
    assert_eq!((dot.dtype(), dot.item::<i32>()?), (DType::I32, 1));
    assert_eq!(n.dot(&b)?.to_vec::<i32>()?, [1, 3]);
    assert_eq!(b.outer(&b)?.dtype(), DType::I32);
    let u = n.to_dtype(DType::U32);
    assert_eq!(Tensor::einsum("ij,ij->", &[&u, &u])?.item::<u32>()?, 30);
    assert_eq!(n.kron(&b)?.to_vec::<i32>()?, [1, 0, 2, 0, 3, 0, 4, 0]);
    // Halves are multiplied and summed in f32: 300² alone is beyond them.
    if device.supports_f16() {
        let large = Tensor::new([[300f32, 300.]], device)?.to_dtype(DType::F16);
        let sign = Tensor::new([[300f32, -300.]], device)?.to_dtype(DType::F16);
        for subscripts in ["ij,ij->i", "ij,kj->ik"] {
            let sum = Tensor::einsum(subscripts, &[&large, &sign])?;
            assert_eq!(sum.dtype(), DType::F16);
            assert_eq!(sum.to_vec::<f64>()?, [0.0], "{subscripts}");
        }
    }
    Ok(())
}

fn views(device: &Device) -> Result<()> {
    let a = Tensor::arange(0, 24, 1, device)?.reshape([2, 3, 4])?;
    let row = a.narrow(0, 1, 1)?.squeeze(0)?;
    // Sliced and broadcast operands.
    assert_eq!(
        row.narrow(1, 1, 2)?.dot(&row.narrow(1, 0, 2)?.t())?.shape(),
        [3, 3]
    );
    let wide = Tensor::new([1, 2, 3, 4], device)?.broadcast_to([3, 4])?;
    assert_eq!(
        Tensor::einsum("ij,ij->i", &[&wide, &wide])?.to_vec::<i32>()?,
        [30; 3]
    );
    assert_eq!(wide.vdot(&wide)?.item::<i32>()?, 90);
    // A constant's diagonal.
    let ones = Tensor::ones([3, 3], device)?;
    assert_eq!(Tensor::einsum("ii", &[&ones])?.item::<f32>()?, 3.0);
    // Python's negative powers are for matrices that have an inverse; 0 is the identity of a batch too.
    let batch = Tensor::ones([2, 2, 2], device)?;
    assert_eq!(
        batch.matrix_power(0)?.to_vec::<f32>()?,
        [1., 0., 0., 1., 1., 0., 0., 1.]
    );
    Ok(())
}

fn said(result: Result<Tensor>) -> String {
    result
        .map(|t| t.shape().to_vec())
        .expect_err("an error")
        .kind()
        .to_string()
}

fn errors(device: &Device) -> Result<()> {
    let ones = |shape: &[usize]| Tensor::ones(shape, device);
    let (a, b) = (ones(&[5])?, ones(&[2])?);
    let message = "shapes (5,) and (2,) not aligned: 5 (dim 0) != 2 (dim 0)";
    assert_eq!(said(a.dot(&b)), format!("dot: {message}"));
    assert_eq!(said(a.inner(&b)), format!("inner: {message}"));
    assert_eq!(said(a.vdot(&b)), format!("vdot: {message}"));
    let message = "dot: shapes (5,3) and (10,3) not aligned: 3 (dim 1) != 10 (dim 0)";
    assert!(said(ones(&[5, 3])?.dot(&ones(&[10, 3])?)).starts_with(message));
    let (a, b) = (ones(&[2, 3])?, ones(&[4, 5])?);
    assert!(said(a.tensordot(&b, ([0], [1]))).contains("2 (dim 0) != 5 (dim 1)"));
    assert!(said(a.tensordot(&b, ([0, 1], [1]))).contains("the lists are [0, 1] and [1]"));
    assert!(said(a.tensordot(&b, ([0, 0], [1, 0]))).contains("named twice"));
    assert!(said(a.tensordot(&b, ([2], [0]))).contains("axis 2 is out of range"));
    assert!(said(a.tensordot(&b, 3)).contains("3 axes cannot be paired"));
    assert!(said(a.tensordot(&b, -1)).contains("that many axes"));
    let deep = ones(&[1, 1, 1, 1, 1])?;
    assert!(said(deep.tensordot(&deep, 0)).contains("at most 8"));
    assert!(said(a.cross(&a, 0)).contains("axis 0 must have size 3, it has 2"));
    assert!(said(a.cross(&a, 2)).contains("out of range"));
    assert!(said(a.matrix_power(2)).contains("square"));
    assert!(said(Tensor::multi_dot(&[&a])).contains("2 to 50 matrices are needed, not 1"));
    assert!(said(Tensor::multi_dot(&[&a, &b])).contains("3 (dim 1) != 4 (dim 0)"));
    let vector = ones(&[3])?;
    assert!(said(Tensor::multi_dot(&[&a, &vector, &a])).contains("operand 1 is no matrix"));
    let twos = ones(&[2, 2, 2, 2, 2])?;
    assert!(said(twos.kron(&twos)).contains("at most 8"));
    Ok(())
}

fn einsum_errors(device: &Device) -> Result<()> {
    let a = Tensor::ones([2, 3], device)?;
    let b = Tensor::ones([4, 5], device)?;
    let of = |subscripts, operands: &[&Tensor]| said(Tensor::einsum(subscripts, operands));
    assert_eq!(
        of("ij,jk->ik", &[&a, &b]),
        "einsum: letter 'j' has size 3 in operand 0 and 4 in operand 1 of \"ij,jk->ik\" with \
         shapes (2,3) (4,5)"
    );
    assert!(of("ii", &[&a]).contains("letter 'i' has size 2 in operand 0 and 3 in operand 0"));
    assert!(of("i...,j...->ij...", &[&a, &b]).contains("axis -1 of the ellipsis has size 3"));
    assert!(of("ij,jk", &[&a]).contains("for 2 operands, but there are 1"));
    assert!(of("", &[]).contains("for 1 operands, but there are 0"));
    assert!(of("ijk", &[&a]).contains("operand 0 has 2 dimensions, but 3 letters"));
    assert!(of("ijk...", &[&a]).contains("but at least 3 letters"));
    assert!(of("ij->ik", &[&a]).contains("letter 'k' of the result is in no operand"));
    assert!(of("ij->ii", &[&a]).contains("letter 'i' stands twice in the result"));
    assert!(of("i1->i", &[&a]).contains("'1' is no letter"));
    assert!(of("i.j", &[&a]).contains("'.' is no letter"));
    assert!(of("......", &[&a]).contains("more than one ellipsis"));
    assert!(of("i...->i", &[&a]).contains("the result must keep"));
    let deep = Tensor::ones([1, 1, 1, 1, 1], device)?;
    assert!(of("abcde,fghij", &[&deep, &deep]).contains("at most 8"));
    Ok(())
}

fn einsum_diagonal_is_a_view(device: &Device) -> Result<()> {
    let a = Tensor::arange(0, 9, 1, device)?.reshape([3, 3])?;
    device.synchronize()?;
    let diagonal = Tensor::einsum("ii->i", &[&a])?;
    let plan = diagonal.explain();
    assert!(!plan.contains("einsum") && !plan.contains("copy"), "{plan}");
    assert_eq!(diagonal.to_vec::<i32>()?, [0, 4, 8]);
    Ok(())
}

/// Products of matrices whose groups of axes lie in memory in one walk read the operands where they lie.
fn einsum_copies_no_more_than_it_must(device: &Device) -> Result<()> {
    let q = Tensor::ones([2, 3, 4, 5], device)?.contiguous();
    let k = Tensor::ones([2, 6, 4, 5], device)?.contiguous();
    device.synchronize()?;
    // Heads between the positions and their features: batch axes may lie anywhere.
    let scores = Tensor::einsum("bqhd,bkhd->bhqk", &[&q, &k])?;
    let plan = scores.explain();
    assert!(plan.contains("\n1 kernels"), "{plan}");
    assert_eq!(scores.to_vec::<f32>()?, vec![5.0; 2 * 4 * 3 * 6]);
    device.synchronize()?;
    // Two contracted axes that follow one another in both operands, in either order of letters.
    let both = Tensor::einsum("bqhd,ekhd->bqek", &[&q, &k])?;
    let plan = both.explain();
    assert!(plan.contains("\n1 kernels"), "{plan}");
    assert_eq!(both.to_vec::<f32>()?, vec![20.0; 6 * 12]);
    Ok(())
}

/// More operands than all orders are weighed for.
fn einsum_of_many(device: &Device) -> Result<()> {
    let a = Tensor::new([[1f32, 1.], [1., 0.]], device)?;
    let letters: Vec<char> = ('a'..='l').collect();
    let pairs: Vec<String> = letters.windows(2).map(String::from_iter).collect();
    let product = Tensor::einsum(&format!("{}->al", pairs.join(",")), &[&a; 11])?;
    assert_eq!(product.to_vec::<f32>()?, [144., 89., 89., 55.]);
    Ok::<(), Error>(())
}

fn gradients(device: &Device) {
    let a: Vec<f32> = (0..12).map(|i| (i as f32 * 0.7).sin()).collect();
    let b: Vec<f32> = (0..12).map(|i| (i as f32 * 1.3).cos()).collect();
    let (a34, b34): (_, _) = ((&a[..], &[3, 4][..]), (&b[..], &[3, 4][..]));
    check_twice(device, "vdot", &[a34, b34], |x| x[0].vdot(&x[1]));
    check(device, "dot", &[a34, (&b[..8], &[4, 2])], |x| {
        x[0].dot(&x[1])
    });
    check(device, "inner", &[a34, b34], |x| x[0].inner(&x[1]));
    check(device, "outer", &[(&a[..3], &[3]), (&b[..2], &[2])], |x| {
        x[0].outer(&x[1])
    });
    check(
        device,
        "kron",
        &[(&a[..4], &[2, 2]), (&b[..3], &[3])],
        |x| x[0].kron(&x[1]),
    );
    check(
        device,
        "cross",
        &[(&a[..6], &[2, 3]), (&b[..3], &[3])],
        |x| x[0].cross(&x[1], -1),
    );
    let cube = &[2, 3, 2][..];
    check(device, "tensordot", &[(&a, cube), (&b, cube)], |x| {
        x[0].tensordot(&x[1], ([1, 2], [1, 0]))
    });
    check_twice(device, "einsum ij,kj->ik", &[a34, b34], |x| {
        Tensor::einsum("ij,kj->ik", &[&x[0], &x[1]])
    });
    check_twice(
        device,
        "einsum with a diagonal",
        &[(&a[..9], &[3, 3]), (&b[..6], &[3, 2])],
        |x| Tensor::einsum("ii,ij->j", &[&x[0], &x[1]]),
    );
    check(
        device,
        "einsum of three",
        &[a34, (&b[..8], &[4, 2]), (&a[..2], &[2])],
        |x| Tensor::einsum("ij,jk,k->i", &[&x[0], &x[1], &x[2]]),
    );
    check(
        device,
        "einsum with an ellipsis",
        &[(&a, &[2, 2, 3]), (&b[..6], &[3, 2])],
        |x| Tensor::einsum("...ij,jk->...ik", &[&x[0], &x[1]]),
    );
    check(device, "matrix_power", &[(&a[..4], &[2, 2])], |x| {
        x[0].matrix_power(3)
    });
    check(
        device,
        "multi_dot",
        &[a34, (&b[..8], &[4, 2]), (&a[..6], &[2, 3])],
        |x| Tensor::multi_dot(&[&x[0], &x[1], &x[2]]),
    );
}
