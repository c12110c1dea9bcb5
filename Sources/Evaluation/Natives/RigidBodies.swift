import CBodies
import Tensors

/// Worlds of rigid bodies that move side by side, one step of all at a time, by Box2D where this was built with it.
public final class RigidBodies {
  /// One world to be, as arrays.
  struct Scene {
    var gravity = [0.0, -10]
    var rate = 50.0
    var iterations = [8.0, 3]
    /// Points of a line, x and y in turn.
    var ground: [Double] = []
    var friction = 0.2
    var bodies: [cb_body] = []
    /// What the bodies consist of, in turn.
    var polygons: [cb_polygon] = []
    var zones: [cb_polygon] = []
    /// The corners of all bodies and zones, x and y in turn.
    var points: [Double] = []
    var joints: [cb_joint] = []
    var rays: [cb_ray] = []

    /// Whether worlds of both can be moved side by side.
    func isLike(_ other: Scene) -> Bool {
      bodies.count == other.bodies.count && joints.count == other.joints.count && rays.count == other.rays.count
    }
  }

  /// Box2D's version, nil where this was built without it.
  public static var libraryVersion: String? { cb_version().map { String(cString: $0) } }

  let count: Int
  let bodies: Int
  let joints: Int
  let rays: Int
  /// `[rows, count]`, as `cb_step` fills them.
  private(set) var sensed: [Double]
  private var worlds: [OpaquePointer?] = []

  /// One world for each of `which`, made of that one of `scenes`, which are sound, alike and not empty.
  init(_ scenes: [Scene], _ which: [Int]) throws {
    count = which.count
    (bodies, joints, rays) = (scenes[0].bodies.count, scenes[0].joints.count, scenes[0].rays.count)
    let bytes = which.reduce(0) {
      $0 + Int(CB_WORLD_BYTES) + Int(CB_POINT_BYTES) * scenes[$1].ground.count / 2
        + Int(CB_ZONE_BYTES) * scenes[$1].zones.count
    }
    guard bytes <= MemoryPool.limit - MemoryPool.liveBytes else { throw TensorError.outOfMemory(bytes: bytes) }
    sensed = Array(repeating: 0, count: (7 * bodies + 2 * joints + rays + 1) * count)
    for index in which {
      worlds.append(Self.world(scenes[index]))
      if worlds[worlds.count - 1] == nil { throw TensorError.outOfMemory(bytes: bytes) }
    }
  }

  deinit { for world in worlds { cb_free(world) } }

  private static func world(_ scene: Scene) -> OpaquePointer? {
    scene.points.withUnsafeBufferPointer { points in
      scene.ground.withUnsafeBufferPointer { ground in
        scene.bodies.withUnsafeBufferPointer { bodies in
          scene.polygons.withUnsafeBufferPointer { polygons in
            scene.zones.withUnsafeBufferPointer { zones in
              scene.joints.withUnsafeBufferPointer { joints in
                scene.rays.withUnsafeBufferPointer { rays in
                  var all = cb_scene(
                    gravity_x: scene.gravity[0], gravity_y: scene.gravity[1], seconds: 1 / scene.rate,
                    ground_friction: scene.friction, velocity_iterations: Int32(scene.iterations[0]),
                    position_iterations: Int32(scene.iterations[1]), bodies: Int32(bodies.count),
                    joints: Int32(joints.count), rays: Int32(rays.count), ground: Int32(ground.count / 2),
                    zones: Int32(zones.count), body: bodies.baseAddress, polygon: polygons.baseAddress,
                    zone: zones.baseAddress, joint: joints.baseAddress, ray: rays.baseAddress,
                    points: points.baseAddress, ground_points: ground.baseAddress)
                  return cb_make(&all)
                }
              }
            }
          }
        }
      }
    }
  }

  /// One step of the worlds that are alive. Motors `[joints, count]`, forces `[2 * bodies, count]`; what is no number, or too large, becomes
  /// one that is not.
  func step(isAlive: [Bool], speeds: [Double], torques: [Double], forces: [Double], threads: Int) {
    let bound = 1e6
    let bounded: ([Double]) -> [Double] = { $0.map { $0.isNaN ? 0 : min(max($0, -bound), bound) } }
    let (speeds, torques, forces) = (bounded(speeds), bounded(torques).map { max($0, 0) }, bounded(forces))
    let alive: [UInt8] = isAlive.map { $0 ? 1 : 0 }
    speeds.withUnsafeBufferPointer { speeds in
      torques.withUnsafeBufferPointer { torques in
        forces.withUnsafeBufferPointer { forces in
          sensed.withUnsafeMutableBufferPointer { sensed in
            var rows = cb_rows(
              speeds: speeds.baseAddress, torques: torques.baseAddress, forces: forces.baseAddress,
              sensed: sensed.baseAddress)
            cb_step(worlds, Int64(count), alive, &rows, Int32(clamping: threads))
          }
        }
      }
    }
  }
}
