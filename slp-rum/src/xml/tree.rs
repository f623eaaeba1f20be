//! The elements inside the parts of a document, in one flat list: what typed readers walk without parsing again.

use std::ops::Range;

use crate::Tolerance;
use crate::text::{ElementText, Piece, join_exactly};

/// One element: the part itself, or one inside it.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its local name, as a place in the document.
    pub(crate) name: Range<usize>,
    /// From `<` to `>`.
    pub(crate) range: Range<usize>,
    /// The element around it.
    pub(crate) parent: Option<usize>,
    /// The first node behind it and all that is in it.
    pub(crate) after: usize,
    /// Its own pieces of text. Whole only if it has no elements.
    pieces: Range<usize>,
    /// The first of its own text that is not blank.
    text_at: Option<usize>,
    has_aside: bool,
}

/// A piece of text, and whether it is a CDATA section.
#[derive(Clone, Debug)]
struct Text {
    piece: Piece,
    is_cdata: bool,
    is_blank: bool,
}

/// All of them, in the order of the document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    pieces: Vec<Text>,
    /// Comments and processing instructions inside parts.
    asides: Vec<(usize, Tolerance)>,
    open: Vec<usize>,
}

impl Tree {
    /// Room for the elements of a document of so many bytes and usual size.
    pub(super) fn for_document(bytes: usize) -> Self {
        let elements = bytes.checked_div(24).unwrap_or(0).min(512);
        Self {
            nodes: Vec::with_capacity(elements),
            pieces: Vec::with_capacity(elements),
            asides: Vec::new(),
            open: Vec::with_capacity(8),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn open(&mut self, name: Range<usize>, start: usize) -> usize {
        let index = self.nodes.len();
        let pieces = self.pieces.len()..self.pieces.len();
        self.nodes.push(Node {
            name,
            range: start..start,
            parent: self.open.last().copied(),
            after: index.saturating_add(1),
            pieces,
            text_at: None,
            has_aside: false,
        });
        self.open.push(index);
        index
    }

    pub(super) fn close(&mut self, end: usize) {
        let (after, pieces) = (self.nodes.len(), self.pieces.len());
        if let Some(node) = self.open.pop().and_then(|index| self.nodes.get_mut(index)) {
            node.range.end = end;
            node.after = after;
            node.pieces.end = pieces;
        }
    }

    fn innermost(&mut self) -> Option<&mut Node> {
        let index = self.open.last()?;
        self.nodes.get_mut(*index)
    }

    /// `solid_at` is where the text begins that is not blank.
    pub(super) fn text(&mut self, piece: Piece, is_cdata: bool, solid_at: Option<usize>) {
        self.pieces.push(Text { piece, is_cdata, is_blank: solid_at.is_none() });
        if let Some(node) = self.innermost()
            && node.text_at.is_none()
        {
            node.text_at = solid_at;
        }
    }

    pub(super) fn aside(&mut self, start: usize, tolerance: Tolerance) {
        self.asides.push((start, tolerance));
        if let Some(node) = self.innermost() {
            node.has_aside = true;
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// The elements directly inside one.
    pub(crate) fn children(&self, index: usize) -> impl Iterator<Item = (usize, &Node)> {
        let end = self.get(index).map_or(0, |node| node.after);
        let mut next = index.saturating_add(1);
        std::iter::from_fn(move || {
            let at = next;
            let node = self.get(at).filter(|_| at < end)?;
            next = node.after;
            Some((at, node))
        })
    }

    /// The comments and processing instructions in a stretch of the document.
    pub(crate) fn asides(&self, range: &Range<usize>) -> impl Iterator<Item = (usize, Tolerance)> {
        let first = self.asides.partition_point(|(at, _)| *at < range.start);
        let end = range.end;
        self.asides.iter().skip(first).take_while(move |(at, _)| *at < end).copied()
    }

    /// The text of an element without elements, nothing trimmed; blanks around a single CDATA section are left out.
    pub(crate) fn text_of(&self, node: &Node, document: &str) -> ElementText {
        let all = self.pieces.get(node.pieces.clone()).unwrap_or_default();
        // nearly every text is one piece
        if let [Text { piece: Piece::Raw(range), .. }] = all {
            return ElementText::Single(range.clone());
        }
        let mut solid = all.iter().filter(|text| !text.is_blank);
        let (first, second) = (solid.next(), solid.next());
        match (all, first, second) {
            ([], _, _) => ElementText::Single(node.range.end..node.range.end),
            (_, Some(Text { piece: Piece::Raw(range), is_cdata: true, .. }), None) => {
                ElementText::Single(range.clone())
            }
            _ => join_exactly(all.iter().map(|text| &text.piece), document),
        }
    }
}

impl Node {
    /// Text of its own that is not blank: not allowed beside elements.
    pub(crate) fn text_at(&self) -> Option<usize> {
        self.text_at
    }

    /// A comment or a processing instruction directly inside.
    pub(crate) fn has_aside(&self) -> bool {
        self.has_aside
    }
}
