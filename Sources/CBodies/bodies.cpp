#include "bodies.h"
#include "one_step.h"

#ifdef EXP_HAS_BOX2D
#pragma STDC FP_CONTRACT OFF
#include <box2d/box2d.h>
#include <math.h>
#include <mutex>
#include <new>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vector>

namespace {

// Bodies touch what is fixed and nothing else.
const uint16 fixed_category = 0x1, moving_category = 0x20;

// How many contacts each body has, whether one began in this step, and which zones there were contacts with.
struct contacts : b2ContactListener {
  std::vector<int> count;
  std::vector<char> began, visited;
  int visits = 0;

  void change(b2Contact *contact, int by) {
    for (b2Fixture *fixture : {contact->GetFixtureA(), contact->GetFixtureB()}) {
      if (fixture->IsSensor()) visit(fixture->GetUserData().pointer);
      if (fixture->GetFilterData().categoryBits != moving_category) continue;
      uintptr_t body = fixture->GetBody()->GetUserData().pointer;
      count[body] += by;
      if (by > 0) began[body] = 1;
    }
  }
  void visit(uintptr_t zone) {
    visits += !visited[zone];
    visited[zone] = 1;
  }
  void BeginContact(b2Contact *contact) override { change(contact, 1); }
  void EndContact(b2Contact *contact) override { change(contact, -1); }
};

// The nearest thing that is fixed.
struct sight : b2RayCastCallback {
  float nearest = 1;

  float ReportFixture(b2Fixture *fixture, const b2Vec2 &, const b2Vec2 &, float fraction) override {
    if (fixture->GetFilterData().categoryBits != fixed_category || fixture->IsSensor()) return -1;
    nearest = fraction;
    return fraction;
  }
};

b2Vec2 vector(double x, double y) { return b2Vec2((float)x, (float)y); }

// Where a polygon's mass is, for density 1.
struct mass_data { double area, moment, moment_at_origin; };

mass_data mass_of(const double *p, int32_t n) {
  double area = 0, x = 0, y = 0, moment = 0;
  for (int32_t i = 0; i < n; i++) {
    const double *a = p + 2 * i, *b = p + 2 * ((i + 1) % n);
    double cross = a[0] * b[1] - a[1] * b[0];
    area += cross / 2;
    x += (a[0] + b[0]) * cross / 6;
    y += (a[1] + b[1]) * cross / 6;
    moment += (a[0] * a[0] + a[0] * b[0] + b[0] * b[0] + a[1] * a[1] + a[1] * b[1] + b[1] * b[1]) * cross / 12;
  }
  return {area, moment - (x * x + y * y) / area, moment};
}

}  // namespace

struct cb_world {
  b2World world;
  contacts touching;
  std::vector<b2Body *> bodies;
  std::vector<b2RevoluteJoint *> joints;
  std::vector<cb_ray> rays;
  float seconds;
  int32_t velocity_iterations, position_iterations;

  explicit cb_world(const cb_scene &scene)
      : world(vector(scene.gravity_x, scene.gravity_y)), rays(scene.ray, scene.ray + scene.rays), seconds((float)scene.seconds),
        velocity_iterations(scene.velocity_iterations), position_iterations(scene.position_iterations) {
    world.SetAllowSleeping(false);
    world.SetContactListener(&touching);
    touching.count.assign(scene.bodies, 0);
    touching.began.assign(scene.bodies, 0);
    touching.visited.assign(scene.zones, 0);
    lay_ground(scene);
    lay_zones(scene);
    for (int32_t i = 0; i < scene.bodies; i++) bodies.push_back(body(scene, i));
    for (int32_t i = 0; i < scene.joints; i++) joints.push_back(joint(scene.joint[i]));
  }

  void lay_ground(const cb_scene &scene) {
    b2BodyDef definition;
    b2Body *ground = world.CreateBody(&definition);
    for (int32_t i = 0; i + 1 < scene.ground; i++) {
      const double *p = scene.ground_points + 2 * i;
      b2EdgeShape edge;
      edge.SetTwoSided(vector(p[0], p[1]), vector(p[2], p[3]));
      b2FixtureDef fixture;
      fixture.shape = &edge;
      fixture.friction = (float)scene.ground_friction;
      fixture.filter.categoryBits = fixed_category;
      ground->CreateFixture(&fixture);
    }
  }

  void lay_zones(const cb_scene &scene) {
    b2BodyDef definition;
    b2Body *floor = world.CreateBody(&definition);
    for (int32_t i = 0; i < scene.zones; i++) {
      b2PolygonShape shape = polygon(scene, scene.zone[i]);
      b2FixtureDef fixture;
      fixture.shape = &shape;
      fixture.isSensor = true;
      fixture.userData.pointer = (uintptr_t)i;
      fixture.filter.categoryBits = fixed_category;
      floor->CreateFixture(&fixture);
    }
  }

  static b2PolygonShape polygon(const cb_scene &scene, const cb_polygon &given) {
    b2Vec2 corners[CB_MAX_CORNERS];
    for (int32_t i = 0; i < given.corners; i++) {
      const double *p = scene.points + 2 * (given.first + i);
      corners[i] = vector(p[0], p[1]);
    }
    b2PolygonShape shape;
    shape.Set(corners, given.corners);
    return shape;
  }

  b2Body *body(const cb_scene &scene, int32_t index) {
    const cb_body &given = scene.body[index];
    b2BodyDef definition;
    definition.type = b2_dynamicBody;
    definition.position = vector(given.x, given.y);
    definition.angle = (float)given.angle;
    definition.userData.pointer = (uintptr_t)index;
    b2Body *made = world.CreateBody(&definition);
    for (int32_t i = 0; i < given.polygons; i++) {
      b2PolygonShape shape = polygon(scene, scene.polygon[given.first + i]);
      b2FixtureDef fixture;
      fixture.shape = &shape;
      fixture.density = (float)given.density;
      fixture.friction = (float)given.friction;
      fixture.filter.categoryBits = moving_category;
      fixture.filter.maskBits = given.is_apart ? 0 : fixed_category;
      made->CreateFixture(&fixture);
    }
    made->ApplyForceToCenter(vector(given.push_x, given.push_y), true);
    return made;
  }

  b2RevoluteJoint *joint(const cb_joint &given) {
    b2RevoluteJointDef definition;
    definition.bodyA = bodies[given.a];
    definition.bodyB = bodies[given.b];
    definition.localAnchorA = vector(given.a_x, given.a_y);
    definition.localAnchorB = vector(given.b_x, given.b_y);
    definition.enableLimit = definition.enableMotor = true;
    definition.lowerAngle = (float)given.low;
    definition.upperAngle = (float)given.high;
    return (b2RevoluteJoint *)world.CreateJoint(&definition);
  }

  // `stride` lies between the numbers of one world.
  void step(const cb_rows &rows, int64_t stride) {
    for (size_t i = 0; i < joints.size(); i++) {
      joints[i]->SetMotorSpeed((float)rows.speeds[i * stride]);
      joints[i]->SetMaxMotorTorque((float)rows.torques[i * stride]);
    }
    for (size_t i = 0; i < bodies.size(); i++)
      bodies[i]->ApplyForceToCenter(vector(rows.forces[i * stride], rows.forces[(bodies.size() + i) * stride]), true);
    touching.began.assign(touching.began.size(), 0);
    world.Step(seconds, velocity_iterations, position_iterations);
  }

  void sense(double *sensed, int64_t stride) {
    auto put = [&](double number) {
      *sensed = number;
      sensed += stride;
    };
    for (b2Body *body : bodies) put(body->GetPosition().x);
    for (b2Body *body : bodies) put(body->GetPosition().y);
    for (b2Body *body : bodies) put(body->GetAngle());
    for (b2Body *body : bodies) put(body->GetLinearVelocity().x);
    for (b2Body *body : bodies) put(body->GetLinearVelocity().y);
    for (b2Body *body : bodies) put(body->GetAngularVelocity());
    for (size_t i = 0; i < bodies.size(); i++) put(touching.count[i] > 0 || touching.began[i]);
    for (b2RevoluteJoint *joint : joints) put(joint->GetJointAngle());
    for (b2RevoluteJoint *joint : joints) put(joint->GetJointSpeed());
    for (const cb_ray &ray : rays) {
      sight seen;
      b2Vec2 from = bodies[ray.body]->GetPosition(), to = from + vector(ray.x, ray.y);
      if ((to - from).LengthSquared() > 0) world.RayCast(&seen, from, to);
      put(seen.nearest);
    }
    put(touching.visits);
  }
};

const char *cb_version(void) {
  // EXP_WITHOUT names libraries that are treated as if they were not installed.
  const char *left_out = getenv("EXP_WITHOUT");
  if (left_out && strstr(left_out, "box2d")) return nullptr;
  static char text[32];
  static std::once_flag once;
  std::call_once(once, [] {
    snprintf(text, sizeof text, "%d.%d.%d", (int)b2_version.major, (int)b2_version.minor, (int)b2_version.revision);
  });
  return text;
}

int32_t cb_is_edge(const double *from, const double *to) {
  return hypot(to[0] - from[0], to[1] - from[1]) > 2 * b2_linearSlop;
}

int32_t cb_is_body(const double *p, int32_t n) {
  if (n < 3 || n > CB_MAX_CORNERS) return 0;
  double turned = 0;
  for (int32_t i = 0; i < n; i++) {
    const double *a = p + 2 * i, *b = p + 2 * ((i + 1) % n), *c = p + 2 * ((i + 2) % n);
    for (int32_t j = 0; j < i; j++)
      if (!cb_is_edge(p + 2 * j, a)) return 0;
    double turn = atan2((b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]),
                        (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]));
    // Corners turn the same way, and together once around.
    if (fabs(turn) < 1e-3 || (turned != 0 && (turn > 0) != (turned > 0))) return 0;
    turned += turn;
  }
  mass_data mass = mass_of(p, n);
  return fabs(turned) < 7 && fabs(mass.area) > 1e-4 && mass.moment / mass.moment_at_origin > 1e-3;
}

int32_t cb_is_zone(const double *p, int32_t n) {
  if (n < 3 || n > CB_MAX_CORNERS) return 0;
  for (int32_t i = 0; i < n; i++)
    for (int32_t j = 0; j < i; j++)
      for (int32_t k = 0; k < j; k++) {
        const double *a = p + 2 * i, *b = p + 2 * j, *c = p + 2 * k;
        double doubled_area = fabs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
        if (doubled_area > 0.01 && cb_is_edge(a, b) && cb_is_edge(b, c) && cb_is_edge(c, a)) return 1;
      }
  return 0;
}

cb_world *cb_make(const cb_scene *scene) {
  // The table of contacts is made at the first one, and without a lock.
  static std::once_flag once;
  std::call_once(once, [] {
    const double box[] = {-1, -1, 1, -1, 1, 1, -1, 1}, ground[] = {-5, 0, 5, 0};
    cb_body body = {};
    body.density = 1;
    body.polygons = 1;
    cb_polygon polygon = {0, 4};
    cb_scene scene = {};
    scene.seconds = 0.01;
    scene.bodies = 1;
    scene.ground = 2;
    scene.body = &body;
    scene.polygon = &polygon;
    scene.points = box;
    scene.ground_points = ground;
    double forces[] = {0, 0};
    cb_world(scene).step({nullptr, nullptr, forces, nullptr}, 1);
  });
  return new (std::nothrow) cb_world(*scene);
}

void cb_free(cb_world *world) { delete world; }

void cb_step_one(cb_world *world, cb_rows rows, int64_t stride) {
  world->step(rows, stride);
  world->sense(rows.sensed, stride);
}

#else
// Built without Box2D: callers ask for the version first.
const char *cb_version(void) { return nullptr; }
int32_t cb_is_edge(const double *, const double *) { return 0; }
int32_t cb_is_body(const double *, int32_t) { return 0; }
int32_t cb_is_zone(const double *, int32_t) { return 0; }
cb_world *cb_make(const cb_scene *) { return nullptr; }
void cb_free(cb_world *) {}
void cb_step_one(cb_world *, cb_rows, int64_t) {}
#endif
