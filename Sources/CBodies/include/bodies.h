#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Worlds of rigid bodies in a plane, moved by Box2D; see README.md. Metres, seconds, kilograms, radians.

// A convex polygon: `corners` of the points from `first` on.
typedef struct {
  int32_t first, corners;
} cb_polygon;

// What moves, and what it is made of: `polygons` from `first` on, around its own origin. `push` is a force on its centre during the first
// step. It touches ground and zones, unless `is_apart`.
typedef struct {
  double x, y, angle, density, friction, push_x, push_y;
  int32_t first, polygons, is_apart;
} cb_body;

// Where two bodies turn around one point, between two angles of the second beyond the first, driven by a motor.
typedef struct {
  int32_t a, b;
  double a_x, a_y, b_x, b_y, low, high;
} cb_joint;

// A look from a body's origin into a direction that does not turn with it.
typedef struct {
  int32_t body;
  double x, y;
} cb_ray;

// Bodies touch the ground, a line through `ground` points, and not one another. Zones, the hulls of `zones` polygons, stop nothing, but it
// is noticed who is in them. Points are x and y.
typedef struct {
  double gravity_x, gravity_y, seconds, ground_friction;
  int32_t velocity_iterations, position_iterations, bodies, joints, rays, ground, zones;
  const cb_body *body;
  const cb_polygon *polygon, *zone;
  const cb_joint *joint;
  const cb_ray *ray;
  const double *points, *ground_points;
} cb_scene;

enum { CB_MAX_CORNERS = 8 };

// About how many bytes a world takes, and each point of its ground and each zone.
enum { CB_WORLD_BYTES = 150000, CB_POINT_BYTES = 500, CB_ZONE_BYTES = 800 };

typedef struct cb_world cb_world;

// Box2D's version, or NULL where this was built without it.
const char *cb_version(void);

// Whether corners make a body: 3 to 8, a convex polygon, none too near to another, not too thin or far from its origin.
int32_t cb_is_body(const double *points, int32_t corners);

// Whether the hull of corners is a zone: 3 to 8, of which three are not on a line nor too near to another.
int32_t cb_is_zone(const double *points, int32_t corners);

// Whether two points are far enough apart for an edge of the ground.
int32_t cb_is_edge(const double *from, const double *to);

// A world whose scene is sound: finite numbers, places of bodies that exist, corners that make bodies
// and zones, edges that are edges, positive densities.
// NULL when there is no memory.
cb_world *cb_make(const cb_scene *scene);
void cb_free(cb_world *world);

// What `cb_step` is given and fills: rows of numbers, one for each world, [rows, count].
typedef struct {
  // How fast motors turn and with what torque at most, [joints, count], and the forces on the centres of bodies, first along x,
  // then along y, [2 bodies, count]; all finite.
  const double *speeds, *torques, *forces;
  // [7 bodies + 2 joints + rays + 1, count]: x, y, angle, speeds along x and y, spin and whether ground or a zone was touched of all bodies;
  // angle and speed of all joints; how far each ray came before the ground, in parts of its length; how many zones were touched so far.
  double *sensed;
} cb_rows;

// One step of each of `count` worlds of like scenes that is alive, on so many threads.
void cb_step(cb_world *const *worlds, int64_t count, const uint8_t *alive, const cb_rows *rows, int32_t threads);

#ifdef __cplusplus
}
#endif
