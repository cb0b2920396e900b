// A reduction: `width` invocations share a result, and a workgroup holds as many results as fit.
//
// Elements are taken in groups of four neighbours along the reduced dimensions, each folded into a sum
// of its own; where results lie next to each other and elements do not, all into one, and an invocation
// may have RESULTS of them. They are folded in blocks, so that the rounding error of a sum grows with
// the number of blocks and not of elements. The sums and then the lanes are folded as a tree. Few
// results of many elements are cut into slices: mode 1 writes a partial result a slice, mode 2 folds
// those.
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
//[results
const RESULTS = 1u;
//]

// Groups of four that a lane folds before it adds them to its sums.
const BLOCK = 32u;

var<workgroup> lanes: array<Acc, GROUP * RESULTS>;

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
    let apart = word(7u); // from a lane's first element to the next lane's
    let step = word(8u); // from a lane's group of elements to its next
    let reach = word(9u); // elements from a lane's first among which all of its are

    let number = group.y * groups.x + group.x;
    let slice = number / blocks;
    let held = GROUP / width;
    let lane = select(local % width, local / held, columns);
    let mine = select(local / width, local % held, columns);
    let o = ((number % blocks) * held + mine) * RESULTS;
    let first = slice * span;
    let end = min(first + span, elements);
    let start = first + lane * apart;
    let stop = min(start + reach, end);

    //[sums
    var sum0_0 = identity();
    //]
    if o < results && mode == 2u {
        var k = start;
        while k < stop {
            //[blocks
            var block0_0 = identity();
            //]
            for (var n = 0u; n < BLOCK && k < stop; n += 1u) {
                //[partials
                block0_0 = fold(block0_0, scratch[k * results + o]);
                //]
                k += step;
            }
            //[folds
            sum0_0 = fold(sum0_0, block0_0);
            //]
        }
    }
    if o < results && mode != 2u {
        //[begin
        let q0 = o * elements;
        //]
        var k = start;
        while k < stop {
            //[blocks
            var block0_0 = identity();
            //]
            for (var n = 0u; n < BLOCK && k < stop; n += 1u) {
                //[element
                for (var j = k; j < min(k + 4u, stop); j += 1u) {
                    block0_0 = fold(block0_0, b0[q0 + j]);
                }
                //]
                k += step;
            }
            //[folds
            sum0_0 = fold(sum0_0, block0_0);
            //]
        }
    }

    let seat = mine * width + lane;
    //[seats
    lanes[seat * RESULTS] = sum0_0;
    //]
    for (var half = width / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            for (var c = 0u; c < RESULTS; c += 1u) {
                let at = seat * RESULTS + c;
                lanes[at] = fold(lanes[at], lanes[at + half * RESULTS]);
            }
        }
    }
    if lane != 0u || o >= results || first >= end {
        return;
    }
    for (var c = 0u; c < RESULTS; c += 1u) {
        let total = lanes[seat * RESULTS + c];
        let i = o + c;
        if mode == 1u {
            scratch[slice * results + i] = total;
        } else {
            //[body
            b1[i] = total;
            //]
        }
    }
}
