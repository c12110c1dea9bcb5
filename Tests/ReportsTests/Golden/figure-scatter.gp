# gnuplot figure-scatter.gp draws figure-scatter-gnuplot.svg; for a paper: set term pdfcairo size 9cm,6cm noenhanced
set term svg size 760,420 font 'Inter,Helvetica,Arial,sans-serif,13' noenhanced background '#ffffff'
set output 'figure-scatter-gnuplot.svg'
set encoding utf8
set datafile separator comma
set datafile columnheaders
set border 3 lw 1 lc rgb '#8a8f98'
set tics nomirror out scale 0.5 textcolor rgb '#6b7078'
set grid ytics lc rgb '#e3e5e8' lw 1 lt 1
set style fill transparent solid 0.16 noborder
set key outside right top Left reverse samplen 2 textcolor rgb '#6b7078'
set title 'Real against ideal world'
set size square
set xlabel 'soft error, ideal world' textcolor rgb '#6b7078'
set xrange [0.0:0.35512000000000005]
set xtics ('0.00' 0, '0.05' 0.05, '0.10' 0.1, '0.15' 0.15, '0.20' 0.2, '0.25' 0.25, '0.30' 0.3, '0.35' 0.35)
set ylabel 'soft error, real world' textcolor rgb '#6b7078'
set yrange [0.0:0.35512000000000005]
set ytics ('0.0' 0, '0.1' 0.1, '0.2' 0.2, '0.3' 0.3)
set label 'mlp 64' at 0.31,0.33 left front offset 0.8,0.0 font ',11' tc rgb '#0072b2'
set label 'mlp 256x2' at 0.22,0.235 left front offset 0.8,0.0 font ',11' tc rgb '#0072b2'
set label 'mlp + bn' at 0.19,0.205 left front offset 0.8,0.0 font ',11' tc rgb '#0072b2'
set label 'cnn 8' at 0.12,0.135 left front offset 0.8,0.0 font ',11' tc rgb '#0072b2'
set label 'cnn 32' at 0.095,0.104 right front offset -0.8,0.0 font ',11' tc rgb '#0072b2'
set label 'vit' at 0.2,0.23 right front offset -0.8,0.0 font ',11' tc rgb '#0072b2'
set label 'mixer' at 0.17,0.19 left front offset 0.8,0.0 font ',11' tc rgb '#0072b2'
set label 'resnet 8' at 0.1,0.106 left front offset 0.8,0.0 font ',11' tc rgb '#0072b2'

plot x with lines dt 2 lc rgb '#9aa0a8' notitle, \
  'figure-scatter.csv' using (column('mark')==2 ? column('x') : NaN):(column('y')):(column('lower')):(column('upper')) with yerrorbars pt 7 ps 0.6 lc rgb '#0072b2' notitle
