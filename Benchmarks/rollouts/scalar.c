// The same rollouts by a plain loop: one episode after the other, one node after the other, in double precision.
// Usage: scalar NETWORK NODES INPUTS STARTS COUNT ROUNDS — a matrix of NODES rows with NODES + 1 columns (weights from the node, then its
// activation), and COUNT rows of four numbers. Prints the mean reward.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 256, STEPS = 1000 };
static int nodes, inputs, incoming[MOST], source[MOST][MOST], activation[MOST];
static double weight[MOST][MOST];

static double activated(int kind, double x) {
  switch (kind) {
    case 2: return x > 0;
    case 3: return sin(M_PI * x);
    case 4: return exp(-0.5 * x * x);
    case 5: return tanh(x);
    case 6: return (tanh(0.5 * x) + 1) * 0.5;
    case 7: return -x;
    case 8: return fabs(x);
    case 9: return x > 0 ? x : 0;
    case 10: return cos(M_PI * x);
    default: return x;
  }
}

static double episode(double x, double v, double angle, double spin) {
  double values[MOST], total = 0;
  values[0] = 1;
  for (int step = 0; step < STEPS; step++) {
    double s = sin(angle), c = cos(angle);
    values[1] = x, values[2] = v, values[3] = c, values[4] = s, values[5] = spin;
    for (int i = inputs + 1; i < nodes; i++) {
      double sum = 0;
      for (int k = 0; k < incoming[i]; k++) sum += weight[i][k] * values[source[i][k]];
      values[i] = activated(activation[i], sum);
    }
    double a = values[nodes - 1];
    double push = 10 * (a > 1 ? 1 : a < -1 ? -1 : a) - 0.1 * v, turning = 0.3 * spin * spin * s;
    double faster = (-2 * turning + 3 * 0.5 * 9.82 * s * c + 4 * push) / (4 - 1.5 * c * c);
    double quicker = (-3 * turning * c + 6 * 9.82 * s + 6 * push * c) / (4 * 0.6 - 0.9 * c * c);
    x += 0.01 * v, angle += 0.01 * spin, v += 0.01 * faster, spin += 0.01 * quicker;
    total += (cos(angle) + 1) / 2 * cos(x * M_PI / 4.8);
    if (fabs(x) > 2.4) break;
  }
  return total;
}

int main(int count, char **words) {
  if (count != 7) return 2;
  nodes = atoi(words[2]), inputs = atoi(words[3]);
  if (nodes > MOST) return 2;
  FILE *file = fopen(words[1], "r");
  for (int from = 0; file && from < nodes; from++)
    for (int to = 0; to <= nodes; to++) {
      double w;
      if (fscanf(file, "%lf%*[,]", &w) != 1 && fscanf(file, "%lf", &w) != 1) return 2;
      if (to == nodes) activation[from] = (int)w;
      else if (w != 0 && !isnan(w)) source[to][incoming[to]] = from, weight[to][incoming[to]++] = w;
    }
  int starts = atoi(words[5]), rounds = atoi(words[6]);
  double (*start)[4] = malloc(sizeof(double[4]) * starts), total = 0;
  FILE *list = fopen(words[4], "r");
  for (int i = 0; list && i < starts; i++)
    for (int k = 0; k < 4; k++)
      if (fscanf(list, "%lf%*[, \n]", &start[i][k]) != 1) return 2;
  for (int r = 0; r < rounds; r++)
    for (int i = 0; i < starts; i++) total += episode(start[i][0], start[i][1], start[i][2], start[i][3]);
  printf("%.6f\n", total / starts / rounds);
  return 0;
}
