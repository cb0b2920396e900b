// A sort of short rows, as many in a workgroup as fit: a network of exchanges (Batcher's bitonic one) in
// workgroup memory. An item is a key and its place, so that no two are equal and equal keys keep their
// order; rows are filled up to `width`, a power of two, with items that come last.
//
// Rust fills the marked slots; as it stands, the kernel sorts keys.

//[header
struct Params { words: array<vec4<u32>, 2> }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> b0: array<u32>;
@group(0) @binding(1) var<storage, read_write> b1: array<u32>;
const GROUP = 64u;
//]

// Items of a workgroup.
const ITEMS = 1024u;

var<workgroup> keys: array<u32, ITEMS>;
var<workgroup> places: array<u32, ITEMS>;

fn word(i: u32) -> u32 {
    return params.words[i / 4u][i % 4u];
}

//[library
//]

//[element
fn element(e: u32) -> u32 {
    return b0[e];
}
//]

//[result
fn result(at: u32) -> u32 {
    return keys[at];
}
//]

//[body
fn finish(i: u32, total: u32) {
    b1[i] = total;
}
//]

// Exchanges two items if they stand the wrong way round.
fn exchange(a: u32, b: u32, upwards: bool) {
    let first = keys[a];
    let second = keys[b];
    let before = places[a];
    let behind = places[b];
    let falls = first > second || (first == second && before > behind);
    if falls == upwards {
        keys[a] = second;
        keys[b] = first;
        places[a] = behind;
        places[b] = before;
    }
}

@compute @workgroup_size(GROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let rows = word(0u);
    let n = word(1u);
    let width = word(2u);
    let first = word(3u); // of the wanted ranks
    let last = word(4u);
    let begin = (group.y * groups.x + group.x) * (ITEMS / width);

    for (var s = local; s < ITEMS; s += GROUP) {
        let row = begin + s / width;
        let k = s % width;
        var key = 0xffffffffu;
        if row < rows && k < n {
            key = element(row * n + k);
        }
        keys[s] = key;
        places[s] = k;
    }
    for (var size = 2u; size <= width; size *= 2u) {
        for (var step = size / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            for (var t = local; t < ITEMS / 2u; t += GROUP) {
                let a = 2u * t - (t & (step - 1u));
                // The last round sorts all of a row upwards.
                exchange(a, a + step, ((a & (width - 1u)) & size) == 0u);
            }
        }
    }
    workgroupBarrier();
    for (var s = local; s < ITEMS; s += GROUP) {
        let row = begin + s / width;
        let k = s % width;
        if row < rows && k >= first && k < last {
            finish(row * (last - first) + k - first, result(s));
        }
    }
}
