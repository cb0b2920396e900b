// Short rows parted, as many in a workgroup as fit: those smaller than the key of one rank, those equal to it,
// those larger, each in the order they had. That key is read from the row's keys in order, which a network of
// exchanges gives (see sort_rows). Then sums from the start of a row tell how many items of its side come
// before each.
//
// Rust fills the marked slots; as it stands, the kernel parts keys.

//[header
struct Params { words: array<vec4<u32>, 1> }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> b0: array<u32>;
@group(0) @binding(1) var<storage, read_write> b1: array<u32>;
const GROUP = 64u;
//]

// Items of a workgroup.
const ITEMS = 1024u;

// As they are given, and in order.
var<workgroup> given: array<u32, ITEMS>;
var<workgroup> sorted: array<u32, ITEMS>;
// How many items up to this one are smaller than the key and, in the upper half, equal to it.
var<workgroup> sums: array<u32, ITEMS>;

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
fn result(key: u32, place: u32) -> u32 {
    return key;
}
//]

//[body
fn finish(i: u32, total: u32) {
    b1[i] = total;
}
//]

@compute @workgroup_size(GROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let rows = word(0u);
    let n = word(1u);
    let width = word(2u);
    let rank = word(3u);
    let begin = (group.y * groups.x + group.x) * (ITEMS / width);

    for (var s = local; s < ITEMS; s += GROUP) {
        let row = begin + s / width;
        let k = s % width;
        var key = 0xffffffffu;
        if row < rows && k < n {
            key = element(row * n + k);
        }
        given[s] = key;
        sorted[s] = key;
    }
    for (var size = 2u; size <= width; size *= 2u) {
        for (var step = size / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            for (var t = local; t < ITEMS / 2u; t += GROUP) {
                let a = 2u * t - (t & (step - 1u));
                let first = sorted[a];
                let second = sorted[a + step];
                // The last round sorts all of a row upwards.
                if (first > second) == (((a & (width - 1u)) & size) == 0u) {
                    sorted[a] = second;
                    sorted[a + step] = first;
                }
            }
        }
    }
    workgroupBarrier();
    for (var s = local; s < ITEMS; s += GROUP) {
        let key = sorted[s - s % width + rank];
        sums[s] = u32(given[s] < key) + (u32(given[s] == key) << 16u);
    }
    // The sums of a left half are added to all of the right half.
    for (var half = 1u; half < width; half *= 2u) {
        workgroupBarrier();
        for (var t = local; t < ITEMS / 2u; t += GROUP) {
            let right = 2u * t - t % half + half;
            sums[right] += sums[right - t % half - 1u];
        }
    }
    workgroupBarrier();
    for (var s = local; s < ITEMS; s += GROUP) {
        let row = begin + s / width;
        let k = s % width;
        if row < rows && k < n {
            let key = sorted[s - k + rank];
            let all = sums[s - k + n - 1u];
            let smaller = sums[s] & 0xffffu;
            let equal = sums[s] >> 16u;
            var seat = (all & 0xffffu) + equal - 1u;
            if given[s] < key {
                seat = smaller - 1u;
            } else if given[s] > key {
                seat = k + (all & 0xffffu) - smaller + (all >> 16u) - equal;
            }
            finish(row * n + seat, result(given[s], k));
        }
    }
}
