import Records

/// Figures as pictures and as the files that go with them.
public enum FigureDrawing {
  /// A figure as SVG. As a file of its own (`standalone`) it carries white paper and colours for dark screens;
  /// otherwise it is meant for a page that has `FigureStyle`. The same figure gives the same bytes. Anything may be
  /// in the figure: what cannot be drawn (NaN, not positive on a logarithmic axis) is left out and counted below the
  /// picture.
  public static func svg(_ figure: Figure, standalone: Bool = true) -> String {
    for mark in figure.marks {
      switch mark {
      case .images(let images, let width, let height, let captions):
        return ImageGrid(figure: figure, images: images, width: width, height: height, captions: captions)
          .svg(standalone: standalone)
      case .surface(let x, let y, let rows):
        var drawing = SurfaceDrawing(figure, x: x, y: y, rows: rows)
        return drawing.svg(standalone: standalone)
      case .network(let nodes, let edges):
        var drawing = NetworkDrawing(figure, nodes: nodes, edges: edges)
        return drawing.svg(standalone: standalone)
      case .rollout(let actors, let seconds):
        var drawing = RolloutDrawing(figure, actors: actors, seconds: seconds)
        return drawing.svg(standalone: standalone)
      default: continue
      }
    }
    var drawing = AxesDrawing(figure)
    return drawing.svg(standalone: standalone)
  }
}

/// A finite drawing area in pixels, y downward.
struct Frame {
  var left: Double
  var top: Double
  var width: Double
  var height: Double
  var right: Double { left + width }
  var bottom: Double { top + height }
}
