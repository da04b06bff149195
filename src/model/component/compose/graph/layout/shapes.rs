//! What a drawing consists of: places and text, all measures in pixels.

/// A place in a drawing. Right and bottom are not below left and top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rectangle {
    /// The smallest x, at the left.
    pub left: i64,
    /// The smallest y, at the upper edge.
    pub top: i64,
    /// The largest x, at the right.
    pub right: i64,
    /// The largest y, at the lower edge.
    pub bottom: i64,
}

impl Rectangle {
    /// The distance from the left to the right.
    pub fn width(&self) -> i64 {
        self.right - self.left
    }

    /// The distance from the top to the bottom.
    pub fn height(&self) -> i64 {
        self.bottom - self.top
    }
}

/// A point of an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// The distance from the left of the drawing.
    pub x: i64,
    /// The distance from the top of the drawing.
    pub y: i64,
}

/// One line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The room that the text takes.
    pub area: Rectangle,
    /// The text, without control characters.
    pub text: String,
}

/// Lines of text below each other: a box with its text, or the label of an arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The border of a box, or what encloses the lines of a label.
    pub area: Rectangle,
    /// The lines, from top to bottom.
    pub lines: Vec<Line>,
}

/// The way from the component that imports to the one that provides the imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrow {
    /// The corners, from the lower edge of a box to the upper edge of the other one. From one to
    /// the next, the arrow goes straight down, or anyhow inside the rectangle that both span.
    pub points: Vec<Point>,
    /// The positions of the links that it stands for; there is at least one. All of them have the
    /// same ends, and either all or none are implied.
    pub links: Vec<usize>,
}

/// Where everything in a drawing is.
///
/// No box or label overlaps another one, no arrow touches a box that is not at its end or any
/// label, and everything is between the upper left corner at zero and the size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The width of the drawing.
    pub width: i64,
    /// The height of the drawing.
    pub height: i64,
    /// The box of each component, in the order of the components.
    pub boxes: Vec<Block>,
    /// The arrows; parallel links of one kind share one.
    pub arrows: Vec<Arrow>,
    /// The label of each arrow.
    pub labels: Vec<Block>,
}
