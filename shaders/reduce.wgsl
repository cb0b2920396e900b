// A reduction: LANES invocations share a result, and a workgroup holds as many results as fit.
//
// Each lane folds every LANES-th element, in blocks, so that the rounding error of a sum grows with
// the number of blocks and not of elements; the lanes are then folded as a tree. Few results of many
// elements are cut into slices: mode 1 writes a partial result a slice, mode 2 folds those.
//
// Rust fills the marked slots; as it stands, the kernel sums.

//[header
struct Params { words: array<vec4<u32>, 3> }
@group(1) @binding(0) var<uniform> params: Params;
alias Acc = f32;
@group(0) @binding(0) var<storage, read_write> scratch: array<Acc>;
@group(0) @binding(1) var<storage, read> b0: array<f32>;
@group(0) @binding(2) var<storage, read_write> b1: array<f32>;
const GROUP = 64u;
//]

// Elements that a lane folds before it adds them to its sum.
const BLOCK = 32u;

var<workgroup> lanes: array<Acc, GROUP>;

fn word(i: u32) -> u32 {
    return params.words[i / 4u][i % 4u];
}

//[library
//]

//[fold
fn identity() -> Acc {
    return 0.0;
}

fn fold(a: Acc, b: Acc) -> Acc {
    return a + b;
}
//]

@compute @workgroup_size(GROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let results = word(0u);
    let elements = word(1u);
    let mode = word(2u);
    let width = word(3u); // lanes a result, a power of two
    let span = word(4u); // elements a slice
    let blocks = word(5u); // workgroups a slice
    let columns = word(6u) != 0u; // neighbouring results lie next to each other

    let number = group.y * groups.x + group.x;
    let slice = number / blocks;
    let held = GROUP / width;
    let lane = select(local % width, local / held, columns);
    let mine = select(local / width, local % held, columns);
    let o = (number % blocks) * held + mine;
    let first = slice * span;
    let end = min(first + span, elements);

    var sum = identity();
    if o < results && first < end {
        //[begin
        let q0 = o * elements;
        //]
        var k = first + lane;
        while k < end {
            var block = identity();
            for (var n = 0u; n < BLOCK && k < end; n += 1u) {
                var value: Acc;
                if mode == 2u {
                    value = scratch[k * results + o];
                } else {
                    //[element
                    value = b0[q0 + k];
                    //]
                }
                block = fold(block, value);
                k += width;
            }
            sum = fold(sum, block);
        }
    }

    let seat = mine * width + lane;
    lanes[seat] = sum;
    for (var half = width / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            lanes[seat] = fold(lanes[seat], lanes[seat + half]);
        }
    }
    if lane != 0u || o >= results || first >= end {
        return;
    }
    let total = lanes[seat];
    if mode == 1u {
        scratch[slice * results + o] = total;
        return;
    }
    let i = o;
    //[body
    b1[i] = total;
    //]
}
