# gnuplot figure-confusion.gp draws figure-confusion-gnuplot.svg; for a paper: set term pdfcairo size 9cm,6cm noenhanced
set term svg size 760,420 font 'Inter,Helvetica,Arial,sans-serif,13' noenhanced background '#ffffff'
set output 'figure-confusion-gnuplot.svg'
set encoding utf8
set datafile separator comma
set datafile columnheaders
set border 3 lw 1 lc rgb '#8a8f98'
set tics nomirror out scale 0.5 textcolor rgb '#6b7078'
set grid ytics lc rgb '#e3e5e8' lw 1 lt 1
set style fill solid
set key outside right top Left reverse samplen 2 textcolor rgb '#6b7078'
unset grid
set size square
set xlabel 'predicted' textcolor rgb '#6b7078'
set xrange [-0.5:5.5]
set xtics ('0' 0, '1' 1, '2' 2, '3' 3, '4' 4, '5' 5)
set ylabel 'true' textcolor rgb '#6b7078'
set yrange [-0.5:5.5]
set ytics ('0' 0, '1' 1, '2' 2, '3' 3, '4' 4, '5' 5)
set palette defined (0 '#440154', 1 '#481467', 2 '#482576', 3 '#463480', 4 '#414487', 5 '#3b528b', 6 '#355f8d', 7 '#2f6c8e', 8 '#2a788e', 9 '#25848e', 10 '#21918c', 11 '#1e9c89', 12 '#22a884', 13 '#2fb47c', 14 '#44bf70', 15 '#5ec962', 16 '#7ad151', 17 '#9bd93c', 18 '#bddf26', 19 '#dfe318', 20 '#fde725')
set cbrange [0.0:965.0]
set cbtics ('0' 0, '200' 200, '400' 400, '600' 600, '800' 800)
$cells << EOD
x,y,left,right,lower,upper,value,text,ink
0.0,0.0,-0.5,0.5,-0.5,0.5,880.0,880,0x1d2127
1.0,0.0,0.5,1.5,-0.5,0.5,13.0,13,0xffffff
2.0,0.0,1.5,2.5,-0.5,0.5,3.0,3,0xffffff
3.0,0.0,2.5,3.5,-0.5,0.5,16.0,16,0xffffff
4.0,0.0,3.5,4.5,-0.5,0.5,6.0,6,0xffffff
5.0,0.0,4.5,5.5,-0.5,0.5,19.0,19,0xffffff
0.0,1.0,-0.5,0.5,0.5,1.5,7.0,7,0xffffff
1.0,1.0,0.5,1.5,0.5,1.5,897.0,897,0x1d2127
2.0,1.0,1.5,2.5,0.5,1.5,10.0,10,0xffffff
3.0,1.0,2.5,3.5,0.5,1.5,0.0,0,0xffffff
4.0,1.0,3.5,4.5,0.5,1.5,13.0,13,0xffffff
5.0,1.0,4.5,5.5,0.5,1.5,3.0,3,0xffffff
0.0,2.0,-0.5,0.5,1.5,2.5,14.0,14,0xffffff
1.0,2.0,0.5,1.5,1.5,2.5,4.0,4,0xffffff
2.0,2.0,1.5,2.5,1.5,2.5,914.0,914,0x1d2127
3.0,2.0,2.5,3.5,1.5,2.5,7.0,7,0xffffff
4.0,2.0,3.5,4.5,1.5,2.5,20.0,20,0xffffff
5.0,2.0,4.5,5.5,1.5,2.5,10.0,10,0xffffff
0.0,3.0,-0.5,0.5,2.5,3.5,21.0,21,0xffffff
1.0,3.0,0.5,1.5,2.5,3.5,11.0,11,0xffffff
2.0,3.0,1.5,2.5,2.5,3.5,1.0,1,0xffffff
3.0,3.0,2.5,3.5,2.5,3.5,931.0,931,0x1d2127
4.0,3.0,3.5,4.5,2.5,3.5,4.0,4,0xffffff
5.0,3.0,4.5,5.5,2.5,3.5,17.0,17,0xffffff
0.0,4.0,-0.5,0.5,3.5,4.5,5.0,5,0xffffff
1.0,4.0,0.5,1.5,3.5,4.5,18.0,18,0xffffff
2.0,4.0,1.5,2.5,3.5,4.5,8.0,8,0xffffff
3.0,4.0,2.5,3.5,3.5,4.5,21.0,21,0xffffff
4.0,4.0,3.5,4.5,3.5,4.5,948.0,948,0x1d2127
5.0,4.0,4.5,5.5,3.5,4.5,1.0,1,0xffffff
0.0,5.0,-0.5,0.5,4.5,5.5,12.0,12,0xffffff
1.0,5.0,0.5,1.5,4.5,5.5,2.0,2,0xffffff
2.0,5.0,1.5,2.5,4.5,5.5,15.0,15,0xffffff
3.0,5.0,2.5,3.5,4.5,5.5,5.0,5,0xffffff
4.0,5.0,3.5,4.5,4.5,5.5,18.0,18,0xffffff
5.0,5.0,4.5,5.5,4.5,5.5,965.0,965,0x1d2127
EOD

plot $cells using 1:2:3:4:5:6:7 with boxxyerror fs solid noborder lc palette notitle, \
  $cells using 1:2:(stringcolumn(8)):9 with labels tc rgb variable font ',12' notitle
