# gnuplot figure-bars-grouped.gp draws figure-bars-grouped-gnuplot.svg; for a paper: set term pdfcairo size 9cm,6cm noenhanced
set term svg size 760,420 font 'Inter,Helvetica,Arial,sans-serif,13' noenhanced background '#ffffff'
set output 'figure-bars-grouped-gnuplot.svg'
set encoding utf8
set datafile separator comma
set datafile columnheaders
set border 3 lw 1 lc rgb '#8a8f98'
set tics nomirror out scale 0.5 textcolor rgb '#6b7078'
set grid ytics lc rgb '#e3e5e8' lw 1 lt 1
set style fill transparent solid 0.16 noborder
set key outside right top Left reverse samplen 2 textcolor rgb '#6b7078'
set xzeroaxis lt 1 lc rgb '#8a8f98'
set xlabel 'depth' textcolor rgb '#6b7078'
set xrange [-0.5:3.5]
set xtics ('2' 0, '4' 1, '8' 2, '16' 3)
set ylabel 'change of accuracy' textcolor rgb '#6b7078'
set yrange [-0.08067999999999999:0.059680000000000004]
set ytics ('−0.05' -0.05, '0.00' 0, '0.05' 0.05)
$bars0 << EOD
place,y
-0.180,0.02
0.820,0.05
1.820,0.031
2.820,-0.012
EOD
$bars1 << EOD
place,y
0.180,0.018
1.180,0.01
2.180,-0.034
3.180,-0.071
EOD

plot $bars0 using 1:2:(0.342) with boxes fs solid 0.9 lc rgb '#0072b2' title 'with shortcut', \
  $bars1 using 1:2:(0.342) with boxes fs solid 0.9 lc rgb '#d55e00' title 'without'
