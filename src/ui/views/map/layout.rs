//! Where the nodes of the tree stand on the screen, and which are folded because there is no room.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::Tree;
use crate::model::DeviceId;

/// Something that stands on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// A device.
    Node(DeviceId),
    /// Those behind a device that are folded.
    Fold(DeviceId),
}

/// Where it stands.
#[derive(Clone, Debug)]
pub struct Placed {
    /// What.
    pub spot: Spot,
    /// Its node; of a fold, the node before it.
    pub node: usize,
    /// The one before it, in the list of placed.
    pub parent: Option<usize>,
    /// Row of boxes, 0 is the top.
    pub level: usize,
    /// First column of its place.
    pub x: u16,
    /// Columns of its place; its box is centred in it.
    pub columns: u16,
    /// Has something placed below it.
    pub inner: bool,
}

impl Placed {
    /// The column of its centre.
    pub fn centre(&self) -> u16 {
        self.x + self.columns / 2
    }
}

/// A whole layout.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// What stands where, parents before children.
    pub placed: Vec<Placed>,
    /// Nodes that are folded behind a node.
    pub folded: BTreeMap<usize, Vec<usize>>,
    /// Levels shown.
    pub levels: usize,
}

/// What is shown: nodes that are not folded.
struct Cut<'t> {
    tree: &'t Tree,
    hidden: Vec<bool>,
    /// How far from well the worst of each subtree is.
    bad: Vec<u8>,
    depth: usize,
}

impl<'t> Cut<'t> {
    fn new(tree: &'t Tree, depth: usize) -> Self {
        let mut bad: Vec<u8> = tree.nodes.iter().map(|n| n.bad).collect();
        // parents come before their children, so from the end each subtree is summed when its root is reached
        for (at, node) in tree.nodes.iter().enumerate().rev() {
            let own = bad.get(at).copied().unwrap_or(0);
            if let Some(above) = node.parent.and_then(|p| bad.get_mut(p)) {
                *above = (*above).max(own);
            }
        }
        Self {
            tree,
            hidden: vec![false; tree.nodes.len()],
            bad,
            depth,
        }
    }

    fn hide(&mut self, at: usize) {
        if let Some(hidden) = self.hidden.get_mut(at) {
            *hidden = true;
        }
    }

    fn is_hidden(&self, at: usize) -> bool {
        self.hidden.get(at).copied().unwrap_or(true)
    }

    fn shown(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let node = self.tree.nodes.get(at);
        let inside = node.is_some_and(|n| n.level + 1 < self.depth);
        node.filter(|_| inside)
            .into_iter()
            .flat_map(|n| n.children.iter().copied())
            .filter(|c| !self.is_hidden(*c))
    }

    fn has_fold(&self, at: usize) -> bool {
        self.tree
            .nodes
            .get(at)
            .is_some_and(|n| n.children.iter().any(|c| self.is_hidden(*c)))
    }

    /// Places side by side that a node needs with all behind it.
    fn slots(&self, at: usize) -> usize {
        let below: usize = self.shown(at).map(|c| self.slots(c)).sum();
        if below == 0 {
            // a fold with nothing beside it is said inside the box
            1
        } else {
            below + usize::from(self.has_fold(at))
        }
    }

    fn leaf(&self, at: usize) -> bool {
        self.shown(at).next().is_none()
    }

    fn bad(&self, at: usize) -> u8 {
        self.bad.get(at).copied().unwrap_or(0)
    }

    fn needed(&self) -> usize {
        self.tree.roots.iter().map(|r| self.slots(*r)).sum()
    }
}

/// Lays a tree out in `width` columns, each place `slot` columns, `depth` levels at the most. What does not fit is folded:
/// first what is well, where most stand together; the worst stays.
pub fn lay(
    tree: &Tree,
    width: u16,
    slot: u16,
    depth: usize,
    by_hand: &BTreeSet<DeviceId>,
) -> Layout {
    let room = usize::from((width / slot.max(1)).max(1));
    let mut cut = Cut::new(tree, depth.max(1));
    for id in by_hand {
        if let Some(node) = tree.place.get(id).and_then(|at| tree.nodes.get(*at)) {
            for child in &node.children {
                cut.hide(*child);
            }
        }
    }
    loop {
        let over = cut.needed().saturating_sub(room);
        if over == 0 {
            break;
        }
        let next = next_fold(&cut, over);
        if next.is_empty() {
            break;
        }
        for at in next {
            cut.hide(at);
        }
    }
    place(&cut, width, slot, room)
}

/// The next nodes to fold, `over` places being missing: of the node with most leaves that are well, the last half of these;
/// two at least, if none is folded there yet, since the fold takes a place itself.
fn next_fold(cut: &Cut<'_>, over: usize) -> Vec<usize> {
    let mut best: Option<(bool, usize, usize)> = None;
    let mut leaves: Vec<usize> = Vec::new();
    let mut queue: Vec<usize> = cut.tree.roots.clone();
    while let Some(at) = queue.pop() {
        let mut here: Vec<usize> = Vec::new();
        for child in cut.shown(at) {
            if cut.leaf(child) {
                here.push(child);
            } else {
                queue.push(child);
            }
        }
        if here.is_empty() {
            continue;
        }
        here.sort_by_key(|c| (cut.bad(*c), std::cmp::Reverse(*c)));
        let well = here.iter().filter(|c| cut.bad(**c) == 0).count();
        let least = if cut.has_fold(at) || here.len() == 1 {
            1
        } else {
            2
        };
        let all_well = well >= least;
        let level = cut.tree.nodes.get(at).map_or(0, |n| n.level);
        let key = (all_well, if all_well { well } else { here.len() }, level);
        if best.is_none_or(|b| key > b) {
            best = Some(key);
            let most = if all_well {
                (well / 2).min(over + 1)
            } else {
                least
            };
            here.truncate(most.max(least));
            leaves = here;
        }
    }
    leaves
}

fn place(cut: &Cut<'_>, width: u16, slot: u16, room: usize) -> Layout {
    let mut layout = Layout::default();
    let needed = cut.needed();
    // what is left over widens the places a little, so that the picture fills the screen without tearing apart
    let spread = u16::try_from(usize::from(width) / needed.max(1)).unwrap_or(slot);
    let columns = spread.clamp(slot, slot + slot / 2);
    let used = columns.saturating_mul(u16::try_from(needed.min(room)).unwrap_or(u16::MAX));
    let mut x = width.saturating_sub(used) / 2;
    for root in &cut.tree.roots {
        if x + slot.min(width) > width {
            break;
        }
        x = put(cut, &mut layout, *root, None, x, columns);
    }
    layout.levels = layout.placed.iter().map(|p| p.level + 1).max().unwrap_or(0);
    layout
}

/// Places a node and all behind it from column `x` on; gives the column after them.
fn put(
    cut: &Cut<'_>,
    layout: &mut Layout,
    at: usize,
    parent: Option<usize>,
    x: u16,
    columns: u16,
) -> u16 {
    let Some(node) = cut.tree.nodes.get(at) else {
        return x;
    };
    let shown: Vec<usize> = cut.shown(at).collect();
    let own = layout.placed.len();
    let slots = u16::try_from(cut.slots(at)).unwrap_or(1).max(1);
    let end = x.saturating_add(slots.saturating_mul(columns));
    layout.placed.push(Placed {
        spot: Spot::Node(node.id),
        node: at,
        parent,
        level: node.level,
        x,
        columns: end - x,
        inner: !shown.is_empty(),
    });
    let hidden: Vec<usize> = node
        .children
        .iter()
        .filter(|c| !shown.contains(c))
        .copied()
        .collect();
    let mut at_x = x;
    for child in &shown {
        at_x = put(cut, layout, *child, Some(own), at_x, columns);
    }
    if !hidden.is_empty() {
        if !shown.is_empty() {
            layout.placed.push(Placed {
                spot: Spot::Fold(node.id),
                node: at,
                parent: Some(own),
                level: node.level + 1,
                x: at_x,
                columns,
                inner: false,
            });
        }
        layout.folded.insert(at, hidden);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::super::tree::Node;
    use super::*;

    /// A root with nodes behind it; `shape[n]` is the parent of node n+1.
    fn tree(shape: &[usize], bad: &[usize]) -> Tree {
        let mut tree = Tree::default();
        for at in 0..=shape.len() {
            let parent = at.checked_sub(1).map(|n| shape[n]);
            let id = DeviceId(u32::try_from(at).unwrap());
            tree.nodes.push(Node {
                id,
                parent,
                uplink: None,
                others: Vec::new(),
                children: Vec::new(),
                level: parent.map_or(0, |p| tree.nodes[p].level + 1),
                cells: Vec::new(),
                worst: None,
                bad: u8::from(bad.contains(&at)),
            });
            tree.place.insert(id, at);
            if let Some(parent) = parent {
                tree.nodes[parent].children.push(at);
            }
        }
        tree.roots.push(0);
        tree
    }

    fn spots(layout: &Layout) -> Vec<Spot> {
        layout.placed.iter().map(|p| p.spot).collect()
    }

    #[test]
    fn what_fits_is_not_folded_and_children_stand_side_by_side() {
        let layout = lay(&tree(&[0, 0, 0], &[]), 60, 15, 9, &BTreeSet::new());
        assert!(layout.folded.is_empty());
        assert_eq!(layout.placed.len(), 4);
        assert_eq!(layout.levels, 2);
        let xs: Vec<u16> = layout.placed[1..].iter().map(|p| p.x).collect();
        assert!(xs.windows(2).all(|w| w[1] >= w[0] + 15), "{xs:?}");
    }

    #[test]
    fn the_worst_stays_when_there_is_no_room() {
        let layout = lay(&tree(&[0; 10], &[4]), 45, 15, 9, &BTreeSet::new());
        let spots = spots(&layout);
        assert!(spots.contains(&Spot::Node(DeviceId(4))), "{spots:?}");
        assert!(spots.contains(&Spot::Fold(DeviceId(0))), "{spots:?}");
        assert_eq!(layout.folded[&0].len() + spots.len() - 2, 10);
    }

    #[test]
    fn every_width_ends_and_stays_inside() {
        let shape = [0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3];
        for width in 0..120 {
            for depth in 0..5 {
                let layout = lay(&tree(&shape, &[7]), width, 13, depth, &BTreeSet::new());
                for p in &layout.placed {
                    assert!(p.x + p.columns <= width.max(20), "{width} {depth}: {p:?}");
                }
            }
        }
    }

    #[test]
    fn what_a_person_folds_stays_folded() {
        let by_hand = BTreeSet::from([DeviceId(1)]);
        let layout = lay(&tree(&[0, 0, 1, 1], &[]), 200, 15, 9, &by_hand);
        assert!(!spots(&layout).contains(&Spot::Node(DeviceId(3))));
        assert_eq!(layout.folded[&1], vec![3, 4]);
    }
}
